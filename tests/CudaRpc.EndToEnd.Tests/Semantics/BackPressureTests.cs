using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A program that posts faster than the server takes waits; its queue stays within its bound.</summary>
public sealed unsafe class BackPressureTests
{
    private const int CopyBytes = 32 << 10;
    private const int Copies = 2000;
    private const int StableSamples = 100;

    [Theory]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Shm)]
    public void PostedCalls_WhileTheDriverStandsStill_QueueNoMoreThanTheBound(string transport)
    {
        using var release = new ManualResetEvent(false);
        // What a server makes of a posted copy, which it has staged anyway.
        using TestServer server = HeldAt(nameof(CudaDriver.cuMemcpyHtoDAsync_v2), release);
        using RemoteDriver driver = server.Connect(transport);
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(CopyBytes);
        CallStatistics start = driver.Session.Statistics;
        var poster = new Worker(() =>
        {
            driver.cuCtxSetCurrent(context);
            byte[] bytes = new byte[CopyBytes];
            for (int index = 0; index < Copies; index++)
            {
                driver.Write(address, bytes);
            }
        });

        try
        {
            // Headers and arguments are a little more than the bytes counted here.
            long most = 0;
            long lastPosted = 0;
            int stable = 0;
            Condition.Holds(
                () =>
                {
                    CallStatistics now = driver.Session.Statistics - start;
                    most = Math.Max(most, (now.Posted * CopyBytes) - now.BytesSent);
                    stable = now.Posted > 0 && now.Posted == lastPosted ? stable + 1 : 0;
                    lastPosted = now.Posted;
                    return stable >= StableSamples || !poster.IsRunning;
                },
                "a thread that waits");

            Assert.InRange(most, 0, ProtocolLimits.SendQueue + ProtocolLimits.Body);
            Assert.True(poster.IsRunning && lastPosted < Copies);
        }
        finally
        {
            release.Set();
        }

        poster.Ends();
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(Copies, (driver.Session.Statistics - start).Posted);
    }

    [Fact]
    public void PostedCalls_OfAThread_LeaveWhileTheNetworkTakesNothingOfOthers()
    {
        // One lane may carry all of them: more than a socket holds each time, less than the bound of a queue together.
        const int Many = 14;
        using var release = new ManualResetEvent(false);
        using TestServer server = HeldAt(nameof(CudaDriver.cuEventRecord), release);
        using RemoteDriver driver = server.Connect();
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(CopyBytes);
        byte[] bytes = new byte[CopyBytes];
        // The pump looks at the lanes in this order.
        using var one = new Poster(driver, context);
        using var full = new Poster(driver, context);
        using var behind = new Poster(driver, context);

        // Nothing of these gets through.
        Cuda.Ok(driver.cuEventRecord(driver.CreateEvent(), default));
        full.Does(() => Repeat(Many, () => driver.Write(address, bytes)));
        Condition.Holds(() => driver.Session.Statistics.BytesSent > CopyBytes, "the first copies");
        // What is sent last is the first call that the server lets through; behind it wait more than a socket holds of another thread's.
        one.Does(() => Cuda.Ok(driver.cuMemsetD8_v2(address, 1, CopyBytes)));
        behind.Does(() => Repeat(Many, () => driver.Write(address, bytes)));
        release.Set();

        Worker.Run(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            Cuda.Ok(driver.cuCtxSynchronize());
        });
    }

    [Fact]
    public void Pump_LaneWhoseOwnerSends_IsNotWaitedFor()
    {
        const int Large = 16 << 20;
        using var release = new ManualResetEvent(false);
        using TestServer server = HeldAt(nameof(CudaDriver.cuEventRecord), release);
        using RemoteDriver driver = server.Connect();
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Large);
        CUevent recorded = driver.CreateEvent();
        long before = Calls();
        // Of the copy the server reads nothing, and the thread that sends it is held up.
        var sender = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            Cuda.Ok(driver.cuEventRecord(recorded, default));
            driver.Write(address, new byte[Large]);
        });
        Condition.Holds(() => Calls() == before + 2, "the copy");
        int samples = 0;
        Condition.Holds(
            () =>
            {
                samples = driver.Session.PumpLanes() == PumpResult.Idle ? samples + 1 : 0;
                return samples >= StableSamples;
            },
            "a pump with nothing to do");

        Assert.True(sender.IsRunning);
        release.Set();
        sender.Ends();

        long Calls() => driver.Session.Statistics is var made ? made.Posted + made.Synchronous : 0;
    }

    // More than a socket or a ring holds, for which the client's end waits, and less, for which it does not.
    [Theory]
    [InlineData(TestServer.Tcp, 20, false)]
    [InlineData(TestServer.Tcp, 3, true)]
    [InlineData(TestServer.Unix, 20, false)]
    [InlineData(TestServer.Unix, 3, true)]
    [InlineData(TestServer.Shm, 20, false)]
    [InlineData(TestServer.Shm, 3, true)]
    public void PostedCalls_ThatTheServerHasNotTaken_AreCarriedOutBeforeTheSessionEnds(string transport, int many, bool leaves)
    {
        // A server copies out of shared memory in pieces, as they come: what is counted is a call behind each copy.
        int fills = 0;
        using var release = new ManualResetEvent(false);
        using TestServer server = HeldAt(
            nameof(CudaDriver.cuEventRecord), release, name => fills += name == nameof(CudaDriver.cuMemsetD8_v2) ? 1 : 0);
        using RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(CopyBytes);
        byte[] bytes = new byte[CopyBytes];
        Cuda.Ok(driver.cuEventRecord(driver.CreateEvent(), default));
        Repeat(many, () =>
        {
            driver.Write(address, bytes);
            Cuda.Ok(driver.cuMemsetD8_v2(address, 1, CopyBytes));
        });

        var disposes = new Worker(driver.Dispose);
        Condition.Holds(() => driver.Session.IsDisposed, "the session's end");
        if (leaves)
        {
            disposes.Ends();
        }

        release.Set();
        disposes.Ends();
        server.BecomesIdle();

        Assert.Equal(many, fills);
    }

    // Its driver does not return from one function before the release.
    private static TestServer HeldAt(string function, WaitHandle release, Action<string>? called = null) => new(() => new OwnFakeDriver
    {
        Hook = name =>
        {
            if (name == function)
            {
                Condition.IsSet(release, "the release");
            }

            called?.Invoke(name);
            return CUresult.CUDA_SUCCESS;
        },
    });

    private static void Repeat(int times, Action action)
    {
        for (int time = 0; time < times; time++)
        {
            action();
        }
    }
}
