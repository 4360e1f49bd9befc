using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>A server that goes away in the middle, and calls after the program itself has ended its session.</summary>
public sealed class LostServerTests
{
    private const int Threads = 8;

    public static TheoryData<string> Transports => [TestServer.Tcp, TestServer.Unix, TestServer.Shm];

    [Theory]
    [MemberData(nameof(Transports))]
    public void ServerThatDies_EveryWaitingThreadIsToldAtOnce(string transport)
    {
        using var waiting = new CountdownEvent(Threads);
        using var server = new HostileServer(transport, connection => TakeCalls(connection, waiting));
        var log = new CollectingLogger();
        using var driver = new RemoteDriver(Session.Connect(server.Url, new SessionOptions { Logger = log }));
        Worker[] callers = Worker.Start(Threads, _ =>
        {
            Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuCtxSynchronize());
            Assert.Null(driver.TakeDeferredFailure());
            Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuCtxSynchronize());
        });
        Condition.IsSet(waiting.WaitHandle, "all calls");

        server.Die();

        Array.ForEach(callers, static caller => caller.Ends());
        Assert.Single(log.Entries, static entry => entry.Id == 100);
        log.ExpectNoBugs();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void OneLostConnection_LosesTheSession_ForPostedCallsAndNewThreadsToo(string transport)
    {
        using var server = new HostileServer(transport, static connection => TakeCalls(connection, null));
        var log = new CollectingLogger();
        using var driver = new RemoteDriver(Session.Connect(server.Url, new SessionOptions { Logger = log }));
        Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuCtxSynchronize());

        for (int index = 0; index < 3; index++)
        {
            Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuMemsetD8_v2(new CUdeviceptr(1), 0, 1));
        }

        Worker.Run(() =>
        {
            Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuMemsetD8_v2(new CUdeviceptr(1), 0, 1));
            Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.TryAllocate(1));
        });
        Assert.Single(log.Entries, static entry => entry.Id == 100);
        log.ExpectNoBugs();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ServerThatDies_IsNoticedByAThreadThatOnlyPosts(string transport)
    {
        using var server = new HostileServer(transport, static connection =>
        {
            HostileServer.Greet(connection, out bool isLane);
            if (!isLane)
            {
                connection.Receive(new byte[1]);
            }
        });
        using var driver = new RemoteDriver(Session.Connect(server.Url));

        Condition.Becomes(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, () => driver.cuMemsetD8_v2(new CUdeviceptr(1), 0, 1));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Dispose_WhileOtherThreadsAreInCalls_EndsThem(string transport)
    {
        for (int round = 0; round < 3; round++)
        {
            using var server = new TestServer(() => new OwnFakeDriver());
            var log = new CollectingLogger();
            RemoteDriver driver = server.Connect(transport, log);
            CUcontext context = driver.CreateContext();
            CUdeviceptr address = driver.Allocate(1 << 20);
            using var started = new CountdownEvent(Threads);
            Worker[] callers = Worker.Start(Threads, index =>
            {
                Cuda.Ok(driver.cuCtxSetCurrent(context));
                Cuda.Ok(driver.cuCtxSynchronize());
                byte[] bytes = new byte[1 << (index * 2 % 20)];
                started.Signal();
                CUresult result;
                do
                {
                    result = Copy(driver, address, bytes);
                    result = result == CUresult.CUDA_SUCCESS ? driver.cuMemsetD8_v2(address, 1, 1) : result;
                }
                while (result == CUresult.CUDA_SUCCESS);
                Assert.True(result is CUresult.CUDA_ERROR_DEINITIALIZED or CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, result.ToString());
            });
            Condition.IsSet(started.WaitHandle, "all threads");

            driver.Dispose();

            Array.ForEach(callers, static caller => caller.Ends());
            server.BecomesIdle();
            log.ExpectNoBugs();
        }
    }

    [Fact]
    public void Dispose_WhileTheServerStandsStill_Returns()
    {
        using var waiting = new CountdownEvent(1);
        using var server = new HostileServer(TestServer.Unix, connection =>
        {
            HostileServer.Greet(connection, out bool isLane);
            if (isLane)
            {
                // Reads nothing until the client has left.
                waiting.Signal();
                Condition.IsSet(waiting.WaitHandle, "the lane");
                SpinWait.SpinUntil(() => connection.TrySend([0]) == 0, Condition.Deadline);
            }
        });
        var driver = new RemoteDriver(Session.Connect(server.Url, new SessionOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) }));
        var poster = new Worker(() =>
        {
            while (driver.cuMemsetD8_v2(new CUdeviceptr(1), 0, 1) == CUresult.CUDA_SUCCESS)
            {
            }
        });
        Condition.IsSet(waiting.WaitHandle, "the lane");
        long posted = 0;
        int stable = 0;
        Condition.Holds(
            () =>
            {
                long now = driver.Session.Statistics.Posted;
                stable = now > 0 && now == posted ? stable + 1 : 0;
                posted = now;
                return stable >= 20;
            },
            "a thread that waits for the server");

        new Worker(driver.Dispose).Ends();
        poster.Ends();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Dispose_Twice_IsDisposeOnce(string transport)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();

        driver.Dispose();
        driver.Dispose();

        server.BecomesIdle();
        Assert.Equal(CUresult.CUDA_ERROR_DEINITIALIZED, driver.cuCtxSynchronize());
        Assert.Null(driver.TakeDeferredFailure());
    }

    // Greets, then takes calls without an answer: on the first of each lane it says so and waits for its end, or ends by itself.
    private static void TakeCalls(Connection connection, CountdownEvent? waiting)
    {
        FrameReader reader = HostileServer.Greet(connection, out bool isLane);
        if (reader.Read(out _) && isLane && waiting is not null)
        {
            waiting.Signal();
            reader.Read(out _);
        }
    }

    private static unsafe CUresult Copy(CudaDriver driver, CUdeviceptr address, byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            return driver.cuMemcpyHtoD_v2(address, start, (nuint)bytes.Length);
        }
    }
}
