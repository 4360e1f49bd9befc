using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>Large copies over several connections: one call to the program, and the bytes that it copied.</summary>
public sealed unsafe class CopyStreamsTests
{
    // Not a multiple of pages, parts or pieces.
    private const int Bytes = (9 << 20) + 4321;

    [Theory]
    [InlineData(TestServer.Tcp, "?streams=4", false)]
    [InlineData(TestServer.Unix, "?streams=3", false)]
    [InlineData(TestServer.Unix, "?streams=8", true)]
    [InlineData(TestServer.Tcp, "?streams=2", true)]
    [InlineData(TestServer.Tcp, "?streams=4&flow=5Gbps&rtt=100us", true)]
    public void Copies_ThereAndBack_AreOneCallEachAndBringTheSameBytes(string transport, string options, bool isAsynchronous)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, transport, options);
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Bytes);
        byte[] sent = Random(Bytes), received = new byte[Bytes];
        CallStatistics before = driver.Session.Statistics;

        fixed (byte* from = sent)
        fixed (byte* to = received)
        {
            Cuda.Ok(isAsynchronous ? driver.cuMemcpyHtoDAsync_v2(address, from, Bytes, default) : driver.cuMemcpyHtoD_v2(address, from, Bytes));
            Cuda.Ok(isAsynchronous ? driver.cuMemcpyDtoHAsync_v2(to, address, Bytes, default) : driver.cuMemcpyDtoH_v2(to, address, Bytes));
        }

        CallStatistics spent = driver.Session.Statistics - before;
        Assert.Equal(sent, received);
        Assert.Equal(isAsynchronous ? (1, 1) : (0, 2), (spent.Posted, spent.Synchronous));
        Assert.InRange(spent.BytesSent, Bytes, Bytes + 4096);
        Assert.InRange(spent.BytesReceived, Bytes, Bytes + 4096);
    }

    [Theory]
    [InlineData("", Bytes, 1)]
    [InlineData("?streams=1", Bytes, 1)]
    [InlineData("?streams=4", Bytes, 4)]
    [InlineData("?streams=4", CopyStreams.Smallest, 4)]
    [InlineData("?streams=4", CopyStreams.Smallest - 1, 1)]
    public void Copy_OverStreams_IsMadeByAsManyLanes(string options, int bytes, int lanes)
    {
        var threads = new ConcurrentDictionary<int, bool>();
        using var server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name =>
            {
                if (name.StartsWith("cuMemcpyHtoD", StringComparison.Ordinal))
                {
                    threads[Environment.CurrentManagedThreadId] = true;
                }

                return CUresult.CUDA_SUCCESS;
            },
        });
        using RemoteDriver driver = Connect(server, TestServer.Unix, options);
        driver.CreateContext();

        driver.Write(driver.Allocate(bytes), new byte[bytes]);

        Assert.Equal(lanes, threads.Count);
    }

    [Fact]
    public void PostedCopy_BeforeOtherWork_IsDoneBeforeIt()
    {
        const int Rounds = 8;
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Bytes);
        byte[] bytes = Random(Bytes);
        for (int round = 0; round < Rounds; round++)
        {
            fixed (byte* source = bytes)
            {
                Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(address, source, Bytes, default));
            }

            // Another thread's, which begins after the copy has returned.
            Worker.Run(() =>
            {
                Cuda.Ok(driver.cuCtxSetCurrent(context));
                Cuda.Ok(driver.cuMemsetD8Async(address, (byte)round, Bytes, default));
            });
            Assert.False(driver.Read(address, Bytes).AsSpan().ContainsAnyExcept((byte)round));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Copy_OfWhichOnePartFails_FailsOnce(bool isAsynchronous)
    {
        int calls = 0;
        using var server = new TestServer(() => new OwnFakeDriver
        {
            // The driver takes pieces; some piece of some part.
            Hook = name => name.StartsWith("cuMemcpyHtoD", StringComparison.Ordinal) && Interlocked.Increment(ref calls) == 7
                ? CUresult.CUDA_ERROR_ILLEGAL_ADDRESS
                : CUresult.CUDA_SUCCESS,
        });
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Bytes);
        CUresult copied;
        fixed (byte* source = new byte[Bytes])
        {
            copied = isAsynchronous ? driver.cuMemcpyHtoDAsync_v2(address, source, Bytes, default) : driver.cuMemcpyHtoD_v2(address, source, Bytes);
        }

        CUresult waited = driver.cuCtxSynchronize();
        (CUresult, CUresult) expected = isAsynchronous
            ? (CUresult.CUDA_SUCCESS, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS)
            : (CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, CUresult.CUDA_SUCCESS);
        Assert.Equal(expected, (copied, waited));
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void Copy_BehindAPostedCallThatFailed_ReportsItOnce()
    {
        using var server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name => name == nameof(CudaDriver.cuMemsetD8Async) ? CUresult.CUDA_ERROR_OUT_OF_MEMORY : CUresult.CUDA_SUCCESS,
        });
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Bytes);
        Cuda.Ok(driver.cuMemsetD8Async(address, 1, 1, default));
        fixed (byte* source = new byte[Bytes])
        {
            CUresult copied = driver.cuMemcpyHtoD_v2(address, source, Bytes);

            Assert.Equal((CUresult.CUDA_ERROR_OUT_OF_MEMORY, nameof(CudaDriver.cuMemsetD8Async)), (copied, driver.TakeDeferredFailure()));
            Cuda.Ok(driver.cuMemcpyHtoD_v2(address, source, Bytes));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Copy_WhereTheServerHasFewerLanes_IsMadeAllTheSame(int lanes)
    {
        using var server = new TestServer(() => new OwnFakeDriver(), new ServerLimits { LanesPerSession = lanes });
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Bytes);
        byte[] bytes = Random(Bytes);

        driver.Write(address, bytes);

        Assert.Equal(bytes, driver.Read(address, Bytes));
    }

    [Fact]
    public void Copies_OfManyThreads_DoNotMixUp()
    {
        const int Threads = 4;
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, TestServer.Tcp, "?streams=3");
        CUcontext context = driver.CreateContext();
        Worker[] workers = Worker.Start(Threads, thread =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            CUdeviceptr address = driver.Allocate(Bytes);
            byte[] bytes = Random(Bytes + thread)[thread..];
            driver.Write(address, bytes);
            Assert.Equal(bytes, driver.Read(address, Bytes));
        });

        Array.ForEach(workers, static worker => worker.Ends());
    }

    [Fact]
    public void Copy_WithoutAContext_IsRefusedAsEver()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        byte[] bytes = new byte[Bytes];

        fixed (byte* source = bytes)
        {
            Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuMemcpyHtoD_v2(new CUdeviceptr(0x10000), source, Bytes));
        }
    }

    [Fact]
    public void Copy_WhileTheServerGoes_EndsTheSession()
    {
        using var entered = new ManualResetEvent(false);
        var server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name =>
            {
                if (name.StartsWith("cuMemcpyHtoD", StringComparison.Ordinal))
                {
                    entered.Set();
                }

                return CUresult.CUDA_SUCCESS;
            },
        });
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Bytes);
        var copying = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            fixed (byte* source = new byte[Bytes])
            {
                while (driver.cuMemcpyHtoD_v2(address, source, Bytes) == CUresult.CUDA_SUCCESS)
                {
                }
            }
        });
        Condition.IsSet(entered, "the copy");

        server.Dispose();

        copying.Ends();
        Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuCtxSynchronize());
    }

    [Fact]
    public void CapturedCopy_IsOneNode()
    {
        using var gpu = new SimulatedGpu();
        using var server = new TestServer(() => new SimulatedDriver(gpu));
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?streams=4");
        driver.Retain();
        CUdeviceptr address = driver.Allocate(Bytes);
        CUstream stream = driver.CreateStream();
        CUgraph graph;
        nuint nodes;
        byte[] bytes = Random(Bytes);
        fixed (byte* source = bytes)
        {
            Cuda.Ok(driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
            Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(address, source, Bytes, stream));
            Cuda.Ok(driver.cuStreamEndCapture(stream, &graph));
            Cuda.Ok(driver.cuGraphGetNodes(graph, null, &nodes));
        }

        Assert.Equal(1u, nodes);
    }

    [Fact]
    public void Server_AtAnAddressWithStreams_Refuses()
    {
        using var server = new TestServer(() => new OwnFakeDriver());

        Assert.Throws<FormatException>(() => server.Server.Listen(ServerUrl.Parse("tcp://127.0.0.1:0?streams=2")));
    }

    private static RemoteDriver Connect(TestServer server, string transport, string options) =>
        new(Session.Connect(ServerUrl.Parse(server.Url(transport) + options)));

    private static byte[] Random(int bytes)
    {
        byte[] random = new byte[bytes];
        new Random(bytes).NextBytes(random);
        return random;
    }
}
