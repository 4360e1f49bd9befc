using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>
/// Frames that no correct client sends: the server closes the session that sent one, releases what it had, says so in one line and goes on
/// serving the others.
/// </summary>
public sealed class OffendingFrameTests : IDisposable
{
    private const uint Context = 256;

    // Every offender has made two calls, so that its offence's turn is at once.
    private const ulong Next = 3;
    private static readonly nint s_context = HandleId.Make(HandleKind.CUcontext, Context);

    private readonly FakeDriver _shared = new();
    private readonly TestServer _server;
    private readonly RemoteDriver _bystander;
    private readonly CUdeviceptr _address;
    private readonly int _handles;

    public OffendingFrameTests()
    {
        _server = new TestServer(() => _shared);
        _bystander = _server.Connect();
        _bystander.CreateContext();
        _address = _bystander.Allocate(100);
        _handles = _shared.LiveHandles;
    }

    public static TheoryData<string, string> Offences
    {
        get
        {
            var offences = new TheoryData<string, string>();
            foreach (string name in s_offences.Keys)
            {
                offences.Add(TestServer.Tcp, name);
                offences.Add(TestServer.Unix, name);
                offences.Add(TestServer.Shm, name);
            }

            return offences;
        }
    }

    private static readonly Dictionary<string, Action<RawSession>> s_offences = new()
    {
        ["unknown flags"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, Stream, (FrameFlags)16)),
        ["all flags"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, Stream, (FrameFlags)uint.MaxValue)),
        ["a reply"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, Stream, FrameFlags.Reply)),
        ["more to follow"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, Stream, FrameFlags.More)),
        ["deferred"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, Stream, FrameFlags.Deferred)),
        ["body beyond the bound"] = session => session.Lane.Send(Header(CallId.cuStreamQuery, ProtocolLimits.Body + 1, 0)),
        ["body of 4 GiB"] = session => session.Lane.Send(Header(CallId.cuStreamQuery, uint.MaxValue, 0)),
        ["body cut short"] = session => CutShort(session, Header(CallId.cuStreamQuery, 100, 0)),
        ["header cut short"] = session => CutShort(session, Header(CallId.cuStreamQuery, 100, 0).AsSpan(0, 20)),
        ["bulk cut short"] = session => CutShort(session, [.. Header(CallId.cuMemcpyHtoD_v2, (uint)RawPeer.Body(CopyBody(10)).Length, 10), .. RawPeer.Body(CopyBody(10)), 1, 2, 3]),
        ["bulk shorter than the copy"] = session => session.Post(CallId.cuMemcpyHtoD_v2, CopyBody(10), new byte[9]),
        ["bulk longer than the copy"] = session => session.Post(CallId.cuMemcpyHtoD_v2, CopyBody(10), new byte[11]),
        ["bulk of a call that has none"] = session => session.Post(CallId.cuCtxSynchronize, static (ref MessagePackWriter _) => { }, [1]),
        ["exabytes of bulk"] = session => session.Lane.Send(Header(CallId.cuCtxSynchronize, 0, ulong.MaxValue)),
        ["image beyond the bound"] = session => session.Lane.Send(
            [.. Header(CallId.cuModuleLoadDataEx, (uint)RawPeer.Body(ImageBody(2L << 30)).Length, 2UL << 30), .. RawPeer.Body(ImageBody(2L << 30))]),
        ["image of another length"] = session => session.Post(CallId.cuModuleLoadDataEx, ImageBody(5), [1, 2, 3]),
        ["image under another's hash"] = session => session.Post(CallId.cuModuleLoadDataEx, NamedImageBody(32, hasBytes: true), [1, 2, 3, 0]),
        ["image with half a hash"] = session => session.Post(CallId.cuModuleLoadDataEx, NamedImageBody(16, hasBytes: true), [1, 2, 3, 0]),
        ["image by no hash"] = session => session.Post(CallId.cuModuleLoadDataEx, NamedImageBody(0, hasBytes: false)),
        ["no arguments"] = session => session.Post(CallId.cuStreamQuery, static (ref MessagePackWriter _) => { }),
        ["an argument too many"] = session => session.Post(CallId.cuCtxSynchronize, static (ref MessagePackWriter writer) => writer.Write(1)),
        ["an argument of another type"] = session => session.Post(CallId.cuStreamQuery, static (ref MessagePackWriter writer) => writer.Write("text")),
        ["an argument that overflows"] = session => session.Post(CallId.cuCtxSetCacheConfig, static (ref MessagePackWriter writer) => writer.Write(ulong.MaxValue)),
        ["a negative size"] = session => session.Post(CallId.cuMemAlloc_v2, static (ref MessagePackWriter writer) => writer.Write(-1)),
        ["bytes that are no MessagePack"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, [0xc1, 0xc1])),
        ["text longer than its body"] = session => session.Lane.Send(RawPeer.Frame(CallId.cuModuleGetFunction, Next, [1, 1, 0xdb, 0xff, 0xff, 0xff, 0xff])),
        ["bytes longer than 2 GiB"] = session => session.Lane.Send(RawPeer.Frame(
            CallId.cuModuleLoadDataEx, Next, [.. RawPeer.Body(static (ref MessagePackWriter writer) =>
            {
                writer.Write((long)HandleId.Make(HandleKind.CUmodule, 400));
                writer.Write(0);
                writer.Write(0);
                writer.Write(0);
                writer.Write(4);
            }), 0xc6, 0xf0, 0, 0, 0])),
        ["nil for a structure"] = session => session.Post(CallId.cuStreamBatchMemOp_v2, static (ref MessagePackWriter writer) =>
        {
            writer.Write(0);
            writer.Write(1);
            writer.WriteNil();
            writer.Write(0);
        }),
        ["half a structure"] = session => session.Post(CallId.cuStreamBatchMemOp_v2, static (ref MessagePackWriter writer) =>
        {
            writer.Write(0);
            writer.Write(1);
            writer.Write(new byte[13]);
            writer.Write(0);
        }),
        ["another count than structures"] = session => session.Post(CallId.cuStreamBatchMemOp_v2, static (ref MessagePackWriter writer) =>
        {
            writer.Write(0);
            writer.Write(1000);
            writer.Write(Array.Empty<byte>());
            writer.Write(0);
        }),
        ["a handle minted twice"] = session => session.Post(CallId.cuCtxCreate_v2, NewContext(s_context)),
        ["a handle minted of another kind"] = session => session.Post(CallId.cuCtxCreate_v2, NewContext(HandleId.Make(HandleKind.CUstream, 300))),
        ["the null handle minted"] = session => session.Post(CallId.cuCtxCreate_v2, NewContext(0)),
        ["a primary context minted by creation"] = session => session.Post(CallId.cuCtxCreate_v2, NewContext(HandleId.PrimaryContext(0))),
        ["a primary context of another device"] = session => session.Post(CallId.cuDevicePrimaryCtxRetain, static (ref MessagePackWriter writer) =>
        {
            writer.Write((long)HandleId.PrimaryContext(0));
            writer.Write(1);
        }),
        ["a thousand JIT options"] = session => session.Post(CallId.cuModuleLoadDataEx, JitBody(0, 1000, 0)),
        ["a JIT log of 4 GiB"] = session => session.Post(CallId.cuModuleLoadDataEx, JitBody(uint.MaxValue, 0, 0)),
        ["a JIT option that is a pointer"] = session => session.Post(
            CallId.cuModuleLoadDataEx, JitBody(0, 1, (int)CUjit_option.CU_JIT_GLOBAL_SYMBOL_NAMES), "x\0"u8),
        ["a call on the session's connection"] = session => session.Control.Send(RawPeer.Frame(CallId.cuStreamQuery, Next, Stream)),
        ["the session's connection closed"] = session => session.Control.Connection.Abort(),
        ["the lane closed without goodbye"] = session => session.Lane.Connection.Abort(),
    };

    private static byte[] Stream => RawPeer.Body(static (ref MessagePackWriter writer) => writer.Write(0));

    public void Dispose()
    {
        _bystander.Dispose();
        _server.BecomesIdle();
        _server.Dispose();
        Assert.Equal((0, 0L), (_shared.LiveHandles, _shared.MemoryBytes));
    }

    [Theory]
    [MemberData(nameof(Offences))]
    public void Offender_IsClosedAndReleased_AndNobodyElse(string transport, string offence)
    {
        using (var offender = new RawSession(_server.Url(transport)))
        {
            Assert.Equal(CUresult.CUDA_SUCCESS, offender.Call(CallId.cuCtxCreate_v2, NewContext(s_context)));
            offender.Context = Context;
            Assert.Equal(CUresult.CUDA_SUCCESS, offender.Call(CallId.cuMemAlloc_v2, static (ref MessagePackWriter writer) => writer.Write(1000)));
            using RawPeer second = offender.OpenLane();
            s_offences[offence](offender);
            offender.IsClosed();
            second.IsClosed();
        }

        Condition.Becomes(1, () => _server.Server.Usage.Sessions);
        Assert.Equal((_handles, 100L), (_shared.LiveHandles, _shared.MemoryBytes));
        Assert.Equal(100L, _server.Server.Usage.MemoryBytes);
        _bystander.Write(_address, [1, 2, 3]);
        Assert.Equal([1, 2, 3], _bystander.Read(_address, 3));
    }

    private static byte[] Header(uint callId, uint bodyLength, ulong bulkLength)
    {
        byte[] header = new byte[FrameHeader.Size];
        new FrameHeader(bodyLength, callId, FrameFlags.Posted, Context, Next, bulkLength).Write(header);
        return header;
    }

    private static void CutShort(RawSession session, ReadOnlySpan<byte> frame)
    {
        session.Lane.Send(frame);
        session.Lane.Connection.Abort();
    }

    private static RawPeer.WriteBody NewContext(nint id) => (ref MessagePackWriter writer) =>
    {
        writer.Write((long)id);
        writer.Write(0);
        writer.Write(0);
    };

    private static RawPeer.WriteBody CopyBody(int bytes) => (ref MessagePackWriter writer) =>
    {
        writer.Write(0);
        writer.Write(bytes);
        writer.Write(0);
    };

    private static RawPeer.WriteBody ImageBody(long bytes) => (ref MessagePackWriter writer) =>
    {
        writer.Write((long)HandleId.Make(HandleKind.CUmodule, 400));
        writer.Write(0);
        writer.Write(0);
        writer.Write(0);
        writer.Write(bytes);
        writer.Write(ReadOnlySpan<byte>.Empty);
        writer.WriteNil();
        writer.Write(true);
    };

    // A PTX text of four bytes, if it has the right hash; the bytes follow if hasBytes says so.
    private static RawPeer.WriteBody NamedImageBody(int hashBytes, bool hasBytes) => (ref MessagePackWriter writer) =>
    {
        writer.Write((long)HandleId.Make(HandleKind.CUmodule, 400));
        writer.Write(0);
        writer.Write(0);
        writer.Write(0);
        writer.Write(4);
        writer.Write(ReadOnlySpan<byte>.Empty);
        writer.Write(new byte[hashBytes]);
        writer.Write(hasBytes);
    };

    private static RawPeer.WriteBody JitBody(uint logSize, int count, int option) => (ref MessagePackWriter writer) =>
    {
        writer.Write((long)HandleId.Make(HandleKind.CUmodule, 400));
        writer.Write(logSize);
        writer.Write(0);
        writer.Write(count);
        for (int index = 0; index < count; index++)
        {
            writer.Write(option);
            writer.Write(0UL);
        }

        writer.Write(2);
        writer.Write(ReadOnlySpan<byte>.Empty);
        writer.WriteNil();
        writer.Write(true);
    };
}
