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
    private const string Ptx = """
        .version 7.0
        .target sm_50
        .address_size 64
        .visible .entry k() { ret; }
        """;

    private readonly Dictionary<HandleKind, nint> _live = [];
    private readonly Dictionary<HandleKind, nint> _stale = [];

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
        CUcontext gone = Driver.CreateContext(), popped;
        Cuda.Ok(Driver.cuCtxPopCurrent_v2(&popped));
        Cuda.Ok(Driver.cuCtxDestroy_v2(gone));
        _stale[HandleKind.CUcontext] = gone.Value;
        foreach (HandleMaker maker in HandleMaker.All)
        {
            if (maker.Make(this) is nint live && maker.Make(this) is nint stale)
            {
                _live[maker.Kind] = live;
                maker.Destroy(this, stale);
                _stale[maker.Kind] = stale;
            }
        }

        Memory = Driver.Allocate(HostMemory.Piece);
        Cuda.Ok(Driver.cuMemsetD8_v2(Memory, 0, HostMemory.Piece));
        Cuda.Ok(Driver.cuCtxSynchronize());
    }

    public Session Session { get; }

    public RemoteDriver Driver { get; }

    public CollectingLogger Log { get; }

    public CUcontext Context { get; }

    /// <summary><see cref="HostMemory.Piece"/> bytes of the device.</summary>
    public CUdeviceptr Memory { get; }

    /// <summary>A live handle, or 0 where none can be made.</summary>
    public nint Live(HandleKind kind) => _live.GetValueOrDefault(kind);

    /// <summary>One that is gone, or one that never was.</summary>
    public nint Stale(HandleKind kind) => _stale.GetValueOrDefault(kind, HandleId.Make(kind, 1_000_000));

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

    public void Dispose() => Driver.Dispose();
}
