using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>
/// A session with one live handle of every kind that can be made, one that is gone, memory of the device, and memory of the host that no
/// count can overrun. Everything belongs to the thread that made it.
/// </summary>
internal sealed unsafe class BadCallSession : IDisposable
{
    internal const string Ptx = """
        .version 7.0
        .target sm_50
        .address_size 64
        .visible .global .texref image;
        .visible .global .surfref canvas;
        .visible .global .align 4 .u32 g;
        .visible .entry k(.param .u64 out) { ret; }
        """;

    private readonly Dictionary<HandleKind, nint> _live = [];
    private readonly Dictionary<HandleKind, nint> _stale = [];
    private readonly Dictionary<string, object> _made = [];
    private readonly List<(CUdeviceptr Start, ulong Size)> _owned = [];

    /// <summary>Opens one.</summary>
    /// <param name="server">Where.</param>
    /// <param name="skip">How many handles to leave out, so that those of another session are none of this one's.</param>
    public BadCallSession(TestServer server, int skip = 0)
    {
        Log = new CollectingLogger();
        Session = Session.Connect(server.UnixUrl, new SessionOptions { Logger = Log });
        for (int i = 0; i < skip; i++)
        {
            Session.Handles.Mint(HandleKind.CUevent);
        }

        Driver = new RemoteDriver(Session);
        Context = Driver.CreateContext();
        _live[HandleKind.CUcontext] = Context.Value;
        Memory = Driver.Allocate(HostMemory.Piece);
        Own(Memory, HostMemory.Piece);
        Cuda.Ok(Driver.cuMemsetD8_v2(Memory, 0, HostMemory.Piece));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    public Session Session { get; }

    public RemoteDriver Driver { get; }

    public CollectingLogger Log { get; }

    public CUcontext Context { get; }

    /// <summary><see cref="HostMemory.Piece"/> bytes of the device.</summary>
    public CUdeviceptr Memory { get; }

    /// <summary>A live handle, or 0 where none can be made. It is made when it is first asked for.</summary>
    public nint Live(HandleKind kind)
    {
        if (!_live.TryGetValue(kind, out nint live))
        {
            _live[kind] = live = HandleMaker.Of(kind)?.Make(this) ?? 0;
        }

        return live;
    }

    /// <summary>One that is gone, or one that never was.</summary>
    public nint Stale(HandleKind kind)
    {
        if (!_stale.TryGetValue(kind, out nint stale))
        {
            if (HandleMaker.Of(kind) is { Destroy: not null } maker && maker.Make(this) is nint made and not 0)
            {
                maker.Destroy(this, made);
                stale = made;
            }
            else
            {
                stale = HandleId.Make(kind, 1_000_000);
            }

            _stale[kind] = stale;
        }

        return stale;
    }

    /// <summary>Makes every kind, for who is to be foreign to others.</summary>
    public void MakeAll()
    {
        foreach (HandleMaker maker in HandleMaker.All)
        {
            Live(maker.Kind);
        }
    }

    /// <summary>What a call needs besides handles, made when it is first asked for.</summary>
    public T Once<T>(string name, Func<T> make)
        where T : notnull
    {
        if (!_made.TryGetValue(name, out object? made))
        {
            _made[name] = made = make();
        }

        return (T)made;
    }

    /// <summary>Makes addresses known as the session's.</summary>
    public CUdeviceptr Own(CUdeviceptr start, ulong size)
    {
        _owned.Add((start, size));
        return start;
    }

    public bool Owns(CUdeviceptr address) => _owned.Any(range => address.Value - range.Start.Value < range.Size);

    /// <summary>A live one of another kind.</summary>
    public nint Wrong(HandleKind kind) => Live(kind is HandleKind.CUevent ? HandleKind.CUmodule : HandleKind.CUevent);

    /// <summary>Makes the client's half believe in a handle, so that the server has to refuse it.</summary>
    public void Believe(HandleKind kind, nint id)
    {
        HandleInfo info = kind switch
        {
            HandleKind.CUcontext => new ContextInfo(0, 0, isPrimary: false),
            HandleKind.CUfunction or HandleKind.CUkernel => new FunctionInfo(kind, Context.Value, "k") { Parameters = [] },
            _ => new HandleInfo(kind, Context.Value),
        };
        Session.Handles.Add(id, info);
    }

    public CUmodule LoadModule() => Driver.Load(Ptx);

    public CUlibrary? LoadLibrary()
    {
        CUlibrary library;
        fixed (byte* image = Cuda.Text(Ptx))
        {
            return Driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 0) == CUresult.CUDA_SUCCESS ? library : null;
        }
    }

    // The server is in this process: what a session leaves to it keeps its window of addresses, of which the other tests need some.
    public void Dispose()
    {
        Driver.cuCtxSetCurrent(Context);
        foreach (HostBlock block in Session.HostMemory.Blocks.All)
        {
            _ = block.Kind switch
            {
                HostBlockKind.Managed => Driver.cuMemFree_v2(new CUdeviceptr(block.Start)),
                HostBlockKind.Registered => Driver.cuMemHostUnregister((void*)block.Start),
                _ => Driver.cuMemFreeHost((void*)block.Start),
            };
        }

        Driver.Dispose();
    }
}
