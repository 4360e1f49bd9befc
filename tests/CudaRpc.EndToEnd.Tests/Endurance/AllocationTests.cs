using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>Client and server are one process here, so what either side allocates shows.</summary>
public sealed unsafe class AllocationTests
{
    private const int Calls = 20_000;
    private const int Rounds = 10;

    // Whatever the count of calls: the test's own and the runtime's odd object, far less than one byte per call and side.
    private const long Slack = 16 << 10;

    [Theory]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Shm)]
    public void PostedCall_SteadyState_AllocatesNothingOnEitherSide(string transport)
    {
        using var server = new TestServer(() => new FakeDriver());
        using RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();
        CUstream stream;
        CUevent made;
        Cuda.Ok(driver.cuStreamCreate(&stream, 0));
        Cuda.Ok(driver.cuEventCreate(&made, 0));
        CUevent recorded = made;
        CUstream on = stream;

        ExpectNothing(driver, calls =>
        {
            for (int call = 0; call < calls; call++)
            {
                driver.cuEventRecord(recorded, on);
            }
        });
    }

    [Theory]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Shm)]
    public void SynchronousCall_SteadyState_AllocatesNothingOnEitherSide(string transport)
    {
        using var server = new TestServer(() => new FakeDriver());
        using RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();

        ExpectNothing(driver, calls =>
        {
            for (int call = 0; call < calls; call++)
            {
                driver.cuCtxSynchronize();
            }
        });
    }

    [Theory]
    [InlineData(TestServer.Unix)]
    [InlineData(TestServer.Tcp)]
    [InlineData(TestServer.Shm)]
    public void Copy_SteadyState_AllocatesNothingOnEitherSide(string transport)
    {
        using var server = new TestServer(() => new FakeDriver());
        using RemoteDriver driver = server.Connect(transport);
        driver.CreateContext();
        CUdeviceptr memory = driver.Allocate(4096);

        ExpectNothing(driver, calls =>
        {
            byte* host = stackalloc byte[4096];
            for (int call = 0; call < calls / 2; call++)
            {
                driver.cuMemcpyHtoD_v2(memory, host, 4096);
                driver.cuMemcpyDtoH_v2(host, memory, 4096);
            }
        });
    }

    // Buffers grow to their bounds, in some round or other; what allocates per call does so in every one.
    private static void ExpectNothing(CudaDriver driver, Action<int> act)
    {
        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least >= Slack; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            act(Calls);
            Cuda.Ok(driver.cuCtxSynchronize());
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least < Slack, $"{least} bytes for {Calls} calls");
    }
}
