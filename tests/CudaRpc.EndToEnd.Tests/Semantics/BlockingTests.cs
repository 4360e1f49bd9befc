using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>A thread that waits for the GPU holds up nobody else.</summary>
public sealed class BlockingTests
{
    [Theory]
    [InlineData(TestServer.Tcp, nameof(CudaDriver.cuCtxSynchronize))]
    [InlineData(TestServer.Unix, nameof(CudaDriver.cuCtxSynchronize))]
    [InlineData(TestServer.Unix, nameof(CudaDriver.cuMemcpyDtoH_v2))]
    [InlineData(TestServer.Shm, nameof(CudaDriver.cuCtxSynchronize))]
    [InlineData(TestServer.Shm, nameof(CudaDriver.cuMemcpyDtoH_v2))]
    public void Calls_WhileAnotherThreadWaitsInTheDriver_GoOn(string transport, string blocking)
    {
        using var inside = new ManualResetEvent(false);
        using var release = new ManualResetEvent(false);
        using var server = new TestServer(() => new OwnFakeDriver
        {
            Hook = name =>
            {
                if (name == blocking)
                {
                    inside.Set();
                    Condition.IsSet(release, "the release");
                }

                return CUresult.CUDA_SUCCESS;
            },
        });
        using RemoteDriver driver = server.Connect(transport);
        CUcontext context = driver.CreateContext();
        CUdeviceptr address = driver.Allocate(16);
        var result = CUresult.CUDA_ERROR_UNKNOWN;
        var waiter = new Worker(() =>
        {
            Cuda.Ok(driver.cuCtxSetCurrent(context));
            result = blocking == nameof(CudaDriver.cuCtxSynchronize) ? driver.cuCtxSynchronize() : ReadOne(driver, address);
        });
        Condition.IsSet(inside, blocking);

        for (int index = 0; index < 100; index++)
        {
            Cuda.Ok(driver.cuMemsetD8_v2(address, 1, 16));
            Cuda.Ok(driver.cuStreamQuery(default));
        }

        Assert.True(waiter.IsRunning);
        release.Set();
        waiter.Ends();
        Cuda.Ok(result);
    }

    private static unsafe CUresult ReadOne(CudaDriver driver, CUdeviceptr address)
    {
        byte one;
        return driver.cuMemcpyDtoH_v2(&one, address, 1);
    }
}
