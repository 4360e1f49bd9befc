using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Server;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A session that is disposed while threads of the program are in calls of all kinds: they get an error, the server an end in good order.</summary>
public sealed unsafe class DisposeStressTests(ITestOutputHelper output)
{
    private const int Seed = 20261128;
    private const int Rounds = 60;
    private const int Large = 1 << 20;

    // What is copied in parts.
    private const int Larger = 5 << 20;

    // What the server says of a connection that ended otherwise than by a goodbye.
    private const int PeerDisconnected = 205;

    // For a machine that has no processor left for the server.
    private static readonly ServerLimits s_patient = new() { Goodbyes = TimeSpan.FromMinutes(1) };

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void Dispose_UnderThreadsThatCall_EndsTheirCalls_AndEveryLaneSaysGoodbye(string transport)
    {
        using var server = new TestServer(() => new OwnFakeDriver(), s_patient);
        Stress(server, server.Url(transport), Rounds, Large);
        ExpectGoodbyes(server);
    }

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    public void Dispose_UnderCopiesInParts_EndsThem_AndEveryLaneSaysGoodbye(string transport)
    {
        using var server = new TestServer(() => new OwnFakeDriver(), s_patient);
        Stress(server, ServerUrl.Parse($"{server.Url(transport)}?streams=3"), Rounds / 3, Larger);
        ExpectGoodbyes(server);
    }

    // What is on its way over an emulated network has a second to arrive, so a goodbye may not.
    [Fact]
    public void Dispose_UnderCopiesOnTheirWay_EndsThem()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        Stress(server, ServerUrl.Parse($"{server.Url(TestServer.Shm)}?rtt=50us&bandwidth=10Gbps"), Rounds / 3, Larger);
    }

    [Fact]
    public void PostedCall_BehindTheGoodbyeOfItsLane_IsRefused_AndTakesNoTurn()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = server.Connect();
        CUevent recorded = Recorded(driver);
        var call = new Call(driver.Session, driver.Session.Lane, CallId.cuEventRecord);
        call.WriteHandle(recorded.Value);
        call.WriteHandle(0);

        driver.Dispose();
        ulong last = driver.Session.Order.Last;

        // No Assert.Throws: the call cannot be captured.
        bool isRefused = false;
        try
        {
            call.Post();
        }
        catch (ObjectDisposedException)
        {
            isRefused = true;
        }

        Assert.True(isRefused);
        Assert.Equal(last, driver.Session.Order.Last);
    }

    [Fact]
    public void Lane_ThatOpensWhileTheSessionEnds_SaysGoodbyeToo()
    {
        using var asked = new ManualResetEvent(false);
        using var ended = new ManualResetEvent(false);
        uint said = 0;
        using var saidIt = new ManualResetEvent(false);
        using var server = new HostileServer(TestServer.Unix, connection =>
        {
            FrameReader reader = new(connection);
            Handshake.ReadPreface(connection);
            Assert.True(reader.Read(out _));
            bool isLane = Handshake.ReadHello(reader.Body).Token.Length > 0;
            if (isLane)
            {
                asked.Set();
                Condition.IsSet(ended, "the session's end");
            }

            connection.Send(HostileServer.Welcome(isLane ? DeviceSnapshot.Empty : HostileServer.Devices), default);
            if (reader.Read(out FrameHeader header) && isLane)
            {
                said = header.CallId;
                saidIt.Set();
            }
        });
        var driver = new RemoteDriver(Session.Connect(server.Url));
        CUresult result = CUresult.CUDA_SUCCESS;
        var caller = new Worker(() => result = driver.cuCtxSynchronize());
        Condition.IsSet(asked, "the lane");

        driver.Dispose();
        ended.Set();

        Condition.IsSet(saidIt, "a frame of the lane");
        Assert.Equal(ControlId.Goodbye, said);
        caller.Ends();
        Assert.Equal(CUresult.CUDA_ERROR_DEINITIALIZED, result);
    }

    [Fact]
    public void Goodbye_BehindBytesThatTheServerHasNotTaken_IsNotTakenBackByTheReplyToThem()
    {
        using var disposing = new ManualResetEvent(false);
        bool disposed = false;
        uint last = 0;
        using var end = new ManualResetEvent(false);
        using var server = new HostileServer(TestServer.Tcp, connection =>
        {
            FrameReader reader = HostileServer.Greet(connection, out bool isLane);
            if (!isLane)
            {
                connection.Receive(new byte[1]);
                return;
            }

            Condition.IsSet(disposing, "the session's end");
            // Time to close too early, for one that does not wait.
            SpinWait.SpinUntil(() => Volatile.Read(ref disposed), TimeSpan.FromMilliseconds(200));
            try
            {
                connection.Send([0], default);
                while (reader.Read(out FrameHeader header))
                {
                    last = header.CallId;
                }
            }
            finally
            {
                end.Set();
            }
        });
        var session = Session.Connect(server.Url);
        Exception? failure = null;
        var caller = new Worker(() => failure = Record.Exception(() =>
        {
            fixed (byte* bytes = new byte[Large])
            {
                session.Lane.BeginBody();
                session.Lane.Invoke(CallId.cuMemcpyHtoD_v2, bytes, Large, out _, out _);
            }
        }));
        Condition.Holds(() => session.Statistics.BytesSent > Large, "the copy on its way");

        disposing.Set();
        session.Dispose();
        Volatile.Write(ref disposed, true);

        Condition.IsSet(end, "the lane's end");
        Assert.Equal(ControlId.Goodbye, last);
        caller.Ends();
        Assert.NotNull(failure);
    }

    private void Stress(TestServer server, ServerUrl url, int rounds, int size)
    {
        var random = new Random(Seed);
        long calls = 0;
        for (int round = 0; round < rounds; round++)
        {
            using var driver = new RemoteDriver(Session.Connect(url));
            CUcontext context = driver.CreateContext();
            CUdeviceptr memory = driver.Allocate(size);
            Action[] kinds =
            [
                () => Wait(driver, context), () => Post(driver, context, memory), () => Mix(driver, context, memory),
                () => Copy(driver, context, memory, size), () => Copy(driver, context, memory, size),
            ];
            Worker[] callers = Worker.Start(kinds.Length, index => kinds[index]());
            int before = random.Next(200);
            Condition.Holds(() => driver.Session.Statistics.Synchronous > before, "calls");
            Thread.SpinWait(random.Next(20_000));

            calls += driver.Session.Statistics.Posted + driver.Session.Statistics.Synchronous;
            driver.Dispose();

            Array.ForEach(callers, static caller => caller.Ends());
        }

        server.BecomesIdle();
        output.WriteLine($"{calls} calls");
    }

    private static void ExpectGoodbyes(TestServer server)
    {
        string[] ends = [.. server.Log.Entries.Where(static entry => entry.Id == PeerDisconnected).Select(static entry => entry.Text).Distinct()];
        Assert.True(ends.Length == 0, string.Join('\n', ends));
    }

    private static CUevent Recorded(RemoteDriver driver)
    {
        driver.CreateContext();
        CUevent recorded = driver.CreateEvent();
        Cuda.Ok(driver.cuEventRecord(recorded, default));
        return recorded;
    }

    private static void Wait(RemoteDriver driver, CUcontext context) => UntilTheEnd(driver, context, driver.cuCtxSynchronize);

    private static void Post(RemoteDriver driver, CUcontext context, CUdeviceptr memory) =>
        UntilTheEnd(driver, context, () => driver.cuMemsetD8Async(memory, 1, 16, default));

    // A few posted calls, then one that waits.
    private static void Mix(RemoteDriver driver, CUcontext context, CUdeviceptr memory)
    {
        int count = 0;
        UntilTheEnd(driver, context, () => ++count % 4 == 0 ? driver.cuStreamQuery(default) : driver.cuMemsetD8Async(memory, 2, 16, default));
    }

    private static void Copy(RemoteDriver driver, CUcontext context, CUdeviceptr memory, int size)
    {
        byte[] bytes = new byte[size];
        int count = 0;
        UntilTheEnd(driver, context, () =>
        {
            fixed (byte* start = bytes)
            {
                return ++count % 2 == 0 ? driver.cuMemcpyHtoD_v2(memory, start, (nuint)size) : driver.cuMemcpyDtoH_v2(start, memory, (nuint)size);
            }
        });
    }

    private static void UntilTheEnd(RemoteDriver driver, CUcontext context, Func<CUresult> call)
    {
        driver.cuCtxSetCurrent(context);
        CUresult result;
        do
        {
            result = call();
        }
        while (result == CUresult.CUDA_SUCCESS);

        Assert.Equal(CUresult.CUDA_ERROR_DEINITIALIZED, result);
    }
}
