using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Simulator;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>What a client may ask for its host memory that no correct one does.</summary>
public sealed unsafe class TwinBadInputTests : IDisposable
{
    private const uint Context = 256;

    private readonly SimulatedGpu _gpu = new();
    private readonly TestServer _server;
    private readonly RawSession _session;

    public TwinBadInputTests()
    {
        _server = new TestServer(() => new SimulatedDriver(_gpu));
        _session = new RawSession(_server.UnixUrl);
        Assert.Equal(CUresult.CUDA_SUCCESS, _session.Call(CallId.cuCtxCreate_v2, static (ref MessagePackWriter writer) =>
        {
            writer.Write((long)HandleId.Make(HandleKind.CUcontext, Context));
            writer.Write(0);
            writer.Write(0);
        }));
        _session.Context = Context;
    }

    [Theory]
    [InlineData(0, 16)]
    [InlineData(1UL << 47, 16)]
    [InlineData(0x1000, 0)]
    [InlineData(0x1000, ulong.MaxValue)]
    [InlineData(0xffff_ffff_ffff_f000, 0x1000)]
    public void Twin_OfARangeThatCannotBe_IsInvalid(ulong start, ulong bytes) =>
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Register(start, bytes, out _));

    [Fact]
    public void Twin_BeyondTheSessionsShare_IsRefused() =>
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, Register(0x1000_0000_0000, 1UL << 45, out _));

    [Fact]
    public void Twin_WhereTheServerHasSomething_ReplacesNothing()
    {
        byte[] precious = GC.AllocateArray<byte>(100_000, pinned: true);
        precious.AsSpan().Fill(77);
        ulong start;
        fixed (byte* first = precious)
        {
            start = (ulong)first;
        }

        Assert.Equal(CUresult.CUDA_SUCCESS, Register(start, 100_000, out ulong device));
        Change(start, 0, [0, 3, 1, 2, 3]);
        Assert.Equal(CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, Register(start + 99_999, 1, out _));

        Assert.NotEqual(start, device);
        Assert.Equal(-1, precious.AsSpan().IndexOfAnyExcept((byte)77));
        Assert.Equal(CUresult.CUDA_SUCCESS, Unregister(start));
        Assert.Equal(CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, Unregister(start));
    }

    [Fact]
    public void Twins_ThatShareAPage_EndOneByOne()
    {
        const ulong Start = 0x0fff_0000_0000;
        Assert.Equal(CUresult.CUDA_SUCCESS, Register(Start + 100, 5000, out ulong first));
        Assert.Equal(CUresult.CUDA_SUCCESS, Register(Start + 5100, 5000, out ulong second));
        Assert.Equal((Start + 100, Start + 5100), (first, second));

        Assert.Equal(CUresult.CUDA_SUCCESS, Unregister(Start + 100));
        *(byte*)(Start + 5100) = 1;
        Assert.Equal(CUresult.CUDA_SUCCESS, Unregister(Start + 5100));
        Assert.Equal(CUresult.CUDA_SUCCESS, Register(Start + 100, 5000, out first));
        Assert.Equal(Start + 100, first);
    }

    public static TheoryData<string> Rubbish => [.. s_rubbish.Keys];

    private static readonly Dictionary<string, Action<RawSession>> s_rubbish = new()
    {
        ["an identity of another length"] = session => session.Lane.Send(RawPeer.Frame(
            CallId.cuMemHostAlloc, ++session.Sequence, RawPeer.Body(static (ref MessagePackWriter writer) => writer.Write([1, 2, 3])), FrameFlags.None, Context)),
        ["a count of changes that is a text"] = session => session.Post(
            ControlId.HostChanged, static (ref MessagePackWriter writer) => writer.Write("many")),
        ["changes without a place"] = session => session.Control.Send(RawPeer.Frame(ControlId.HostChanges, 0, [], FrameFlags.None, 0, [0, 1, 5])),
        ["more changes than come together"] = session => session.Control.Send(RawPeer.Frame(
            ControlId.HostChanges, 0, RawPeer.Body(static (ref MessagePackWriter writer) => Place(ref writer, 0x0ffe_0000_0000, 0)), FrameFlags.None, 0,
            new byte[MemoryChanges.Piece + 1]).AsSpan(0, 100)),
        ["changes beyond the memory"] = session => session.Control.Send(RawPeer.Frame(
            ControlId.HostChanges, 0, RawPeer.Body(static (ref MessagePackWriter writer) => Place(ref writer, 0x0ffe_0000_0000, 99)), FrameFlags.None, 0, [0, 2, 5, 5])),
        ["changes that do not decode"] = session => session.Control.Send(RawPeer.Frame(
            ControlId.HostChanges, 0, RawPeer.Body(static (ref MessagePackWriter writer) => Place(ref writer, 0x0ffe_0000_0000, 0)), FrameFlags.None, 0, [0xff, 0xff])),
    };

    [Theory]
    [MemberData(nameof(Rubbish))]
    public void Rubbish_ClosesTheSession(string rubbish)
    {
        Assert.Equal(CUresult.CUDA_SUCCESS, Register(0x0ffe_0000_0000, 100, out _));

        s_rubbish[rubbish](_session);

        _session.IsClosed();
    }

    [Fact]
    public void Changes_OfMemoryThatHasNoTwin_AreDropped()
    {
        Change(0x1234_5000, 0, [0, 1, 9]);
        _session.IsAlive();
    }

    [Fact]
    public void WaitForChangesThatNeverCome_EndsWithTheSession()
    {
        _session.Post(ControlId.HostChanged, static (ref MessagePackWriter writer) => writer.Write(5));
        _session.Dispose();
        _server.BecomesIdle();
    }

    public void Dispose()
    {
        _session.Dispose();
        _server.BecomesIdle();
        _server.Dispose();
        _gpu.Dispose();
    }

    private static void Place(ref MessagePackWriter writer, ulong start, ulong offset)
    {
        writer.Write(start);
        writer.Write(offset);
    }

    private void Change(ulong start, ulong offset, ReadOnlySpan<byte> changes) => _session.Control.Send(RawPeer.Frame(
        ControlId.HostChanges, 0, RawPeer.Body((ref MessagePackWriter writer) => Place(ref writer, start, offset)), FrameFlags.None, 0, changes));

    private CUresult Register(ulong start, ulong bytes, out ulong device)
    {
        CUresult status = _session.Call(
            CallId.cuMemHostRegister_v2,
            (ref MessagePackWriter writer) =>
            {
                Place(ref writer, start, bytes);
                writer.Write(new byte[ProcessIdentity.Size]);
            },
            out ReadOnlyMemory<byte> results);
        device = status == CUresult.CUDA_SUCCESS ? new MessagePackReader(results).ReadUInt64() : 0;
        return status;
    }

    private CUresult Unregister(ulong start) =>
        _session.Call(CallId.cuMemHostUnregister, (ref MessagePackWriter writer) => writer.Write(start));
}
