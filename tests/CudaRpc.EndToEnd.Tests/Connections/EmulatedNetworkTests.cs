using System.Diagnostics;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>Sessions through an emulated network: slower, and otherwise the same.</summary>
public sealed unsafe class EmulatedNetworkTests
{
    private const string Near = "?rtt=100us&bandwidth=1Gbps&jitter=20us";

    [Theory]
    [InlineData(TestServer.Tcp, 3, "?rtt=1ms")]
    [InlineData(TestServer.Unix, 200_000, Near)]
    [InlineData(TestServer.Tcp, 5_000_000, Near)]
    [InlineData(TestServer.Unix, 5_000_000, "?rtt=0us")]
    public void Copies_ThereAndBack_BringTheSameBytes(string transport, int bytes, string network)
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, transport, network);
        driver.CreateContext();
        CUdeviceptr address = driver.Allocate(bytes);
        byte[] sent = new byte[bytes];
        new Random(bytes).NextBytes(sent);

        fixed (byte* start = sent)
        {
            Cuda.Ok(driver.cuMemcpyHtoD_v2(address, start, (nuint)bytes));
        }

        Assert.Equal(sent, driver.Read(address, bytes));
    }

    [Fact]
    public void Calls_OfManyThreads_AllArrive()
    {
        const int Threads = 4, Rounds = 50;
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, TestServer.Unix, Near);
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(Threads * Rounds);
        Worker[] workers = Worker.Start(Threads, thread =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            for (int round = 0; round < Rounds; round++)
            {
                int index = (thread * Rounds) + round;
                Cuda.Ok(driver.cuMemsetD8Async(address + (ulong)index, (byte)index, 1, default));
            }

            Cuda.Ok(driver.cuCtxSynchronize());
        });
        Array.ForEach(workers, static worker => worker.Ends());

        Assert.Equal(Enumerable.Range(0, Threads * Rounds).Select(index => (byte)index), driver.Read(address, Threads * Rounds));
    }

    [Fact]
    public void Disposal_WithCallsUnderWay_EndsTheSession()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        RemoteDriver driver = Connect(server, TestServer.Unix, "?rtt=20ms");
        driver.CreateContext();
        Cuda.Ok(driver.cuMemsetD8Async(driver.Allocate(1), 1, 1, default));

        driver.Dispose();

        server.BecomesIdle();
    }

    [Fact]
    public void LostServer_IsNoticed()
    {
        var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, TestServer.Unix, Near);
        driver.CreateContext();

        server.Dispose();

        Assert.Equal(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, driver.cuCtxSynchronize());
    }

    [Fact]
    public void Server_AtAnAddressWithANetwork_Refuses()
    {
        using var server = new TestServer(() => new OwnFakeDriver());

        Assert.Throws<FormatException>(() => server.Server.Listen(ServerUrl.Parse("tcp://127.0.0.1:0?rtt=1us")));
    }

    [Fact]
    public void RoundTrips_TakeNoLessThanTheNetworkSays()
    {
        using var server = new TestServer(() => new OwnFakeDriver());
        using RemoteDriver driver = Connect(server, TestServer.Unix, "?rtt=2ms");
        driver.CreateContext();
        long start = Stopwatch.GetTimestamp();

        for (int call = 0; call < 10; call++)
        {
            Cuda.Ok(driver.cuCtxSynchronize());
        }

        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(20));
    }

    private static RemoteDriver Connect(TestServer server, string transport, string network) =>
        new(Session.Connect(ServerUrl.Parse(server.Url(transport) + network)));
}
