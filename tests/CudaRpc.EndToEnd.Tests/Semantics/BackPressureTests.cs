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
    public void PostedCalls_WhileTheDriverStandsStill_QueueNoMoreThanTheBound(string transport)
    {
        using var release = new ManualResetEvent(false);
        using var server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name =>
            {
                // What a server makes of a posted copy, which it has staged anyway.
                if (name == nameof(CudaDriver.cuMemcpyHtoDAsync_v2))
                {
                    Condition.IsSet(release, "the release");
                }

                return CUresult.CUDA_SUCCESS;
            },
        });
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
}
