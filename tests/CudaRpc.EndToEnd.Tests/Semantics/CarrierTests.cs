using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>Which way posted calls of several threads go, and that what is long under way is passed by what need not wait for it.</summary>
public sealed unsafe class CarrierTests
{
    private const int LongestAbsence = 64;
    private static readonly CUstream s_perThread = new(2); // CU_STREAM_PER_THREAD

    [Fact]
    public void StreamWork_OfTwoThreads_GoesOneWay()
    {
        using var books = new Books();
        books.Post(default);
        Worker.Run(() => books.Post(default));

        Assert.Equal(2, books.Ways(2).Count);
        Assert.Single(books.Ways(2).Distinct());
    }

    [Fact]
    public void WorkForTheThreadsOwnStream_GoesItsOwnWay()
    {
        using var books = new Books();
        books.Post(default);
        Worker.Run(() => books.Post(s_perThread));

        Assert.Equal(2, books.Ways(2).Distinct().Count());
    }

    [Fact]
    public void StreamWork_WhileTheCarrierWaits_IsDone()
    {
        using var books = new Books();
        var waits = new Worker(() =>
        {
            books.Post(default);
            Cuda.Ok(books.Remote.cuStreamSynchronize(default));
        });
        books.Driver.Waits.Wait();

        Worker.Run(() => books.Post(default));

        Assert.Equal(2, books.Ways(2).Distinct().Count());
        Assert.True(waits.IsRunning);
        books.Driver.LetGo.Set();
        waits.Ends();
    }

    [Fact]
    public void StreamWork_OfAThreadThatWaitsAndWhoseCarrierPostsNoMore_GoesItsOwnWay()
    {
        using var books = new Books();
        var idle = new Worker(() =>
        {
            books.Post(default);
            books.Driver.Waits.Set();
            Assert.True(books.Driver.LetGo.Wait(Condition.Deadline));
        });
        books.Driver.Waits.Wait();
        for (int count = 0; count <= LongestAbsence; count++)
        {
            books.Post(default);
        }

        Cuda.Ok(books.Remote.cuCtxSynchronize());
        books.Post(default);
        books.Post(s_perThread);

        IReadOnlyList<int> ways = books.Ways(LongestAbsence + 4);
        Assert.Equal(ways[0], ways[1]);
        Assert.Equal(ways[^1], ways[^2]);
        Assert.Equal(ways[0], ways[LongestAbsence + 1]);
        Assert.NotEqual(ways[0], ways[^1]);
        books.Driver.LetGo.Set();
        idle.Ends();
    }

    [Fact]
    public void Calls_WhileBulkOfAnotherLaneIsUnderWay_PassItUntilItIsSettled()
    {
        const int Bytes = ProtocolLimits.PostedCopy + 1;
        var driver = new Driver();
        using var server = new TestServer(() => driver);
        using var session = new RawSession(server.UnixUrl);
        using RawPeer other = session.OpenLane();
        byte[] copy = RawPeer.Frame(
            CallId.cuMemcpyHtoDAsync_v2, 1,
            RawPeer.Body(static (ref MessagePackWriter body) =>
            {
                body.Write(0UL);
                body.Write((ulong)Bytes);
                body.Write(0L);
                body.Write(0L);
            }),
            FrameFlags.Posted, bulk: new byte[Bytes]);

        other.Send(copy.AsSpan(..^1));
        Assert.Equal(CUresult.CUDA_SUCCESS, Synchronize(session.Lane, 2));
        Assert.Equal(0, driver.Copies);

        session.Lane.Send(RawPeer.Frame(CallId.cuCtxSynchronize, 4, []));
        other.Send(copy.AsSpan(^1..));
        other.Send(RawPeer.Frame(ControlId.Settled, 3, [], FrameFlags.Posted));
        session.Lane.Receive(out _);

        Assert.Equal(1, driver.Copies);
    }

    private static CUresult Synchronize(RawPeer lane, ulong sequence)
    {
        lane.Send(RawPeer.Frame(CallId.cuCtxSynchronize, sequence, []));
        lane.Receive(out ReadOnlyMemory<byte> body);
        return (CUresult)new MessagePackReader(body).ReadUInt32();
    }

    private sealed class Books : IDisposable
    {
        private readonly TestServer _server;

        public Books()
        {
            _server = new TestServer(() => Driver);
            Remote = _server.Connect();
        }

        public Driver Driver { get; } = new();

        public RemoteDriver Remote { get; }

        public void Post(CUstream stream) => Cuda.Ok(Remote.cuMemsetD8Async(default, 0, 0, stream));

        /// <summary>The server's threads that have made the first <paramref name="count"/> of what was posted, in order, once they have.</summary>
        public IReadOnlyList<int> Ways(int count)
        {
            Condition.Becomes(true, () => Driver.Ways.Count >= count);
            return [.. Driver.Ways];
        }

        public void Dispose()
        {
            Remote.Dispose();
            _server.Dispose();
        }
    }

    private sealed class Driver : FakeDriver
    {
        public ConcurrentQueue<int> Ways { get; } = [];

        public ManualResetEventSlim Waits { get; } = new();

        public ManualResetEventSlim LetGo { get; } = new();

        public int Copies { get; private set; }

        public override CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint N, CUstream hStream)
        {
            Ways.Enqueue(Environment.CurrentManagedThreadId);
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream)
        {
            Copies++;
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuStreamSynchronize(CUstream hStream)
        {
            Waits.Set();
            Assert.True(LetGo.Wait(Condition.Deadline));
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuCtxSynchronize() => CUresult.CUDA_SUCCESS;

        public override CUresult cuLaunchHostFunc(CUstream hStream, delegate* unmanaged[Cdecl]<void*, void> fn, void* userData)
        {
            fn(userData);
            return CUresult.CUDA_SUCCESS;
        }
    }
}
