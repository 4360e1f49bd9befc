using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.Api.HostMemory;

/// <summary>Where the server is in the program's process, the memory is its own twin.</summary>
public sealed unsafe class OneProcessTests
{
    [Fact]
    public void Memory_IsReachedByKernels()
    {
        using var gpu = new SimulatedGpu();
        using var server = new TestServer(() => new SimulatedDriver(gpu));
        using (RemoteDriver driver = server.Connect())
        {
            driver.CreateContext();
            CUmodule module = driver.Load(Kernels.Ptx);
            void* memory;
            Cuda.Ok(driver.cuMemHostAlloc(&memory, 64, 0));
            ulong address = (ulong)memory;
            uint count = 3, stride = 1, value = 7;
            void** parameters = stackalloc void*[] { &address, &count, &stride, &value };

            Cuda.Ok(driver.cuLaunchKernel(driver.Function(module, "add"), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
            Cuda.Ok(driver.cuCtxSynchronize());

            Assert.Equal([7, 7, 7, 0], new ReadOnlySpan<byte>(memory, 4).ToArray());
            Cuda.Ok(driver.cuMemFreeHost(memory));
        }

        server.BecomesIdle();
    }

    [Fact]
    public void Memory_BeyondWhatASessionMayHave_IsRefused()
    {
        using var gpu = new SimulatedGpu();
        using var server = new TestServer(() => new SimulatedDriver(gpu), new ServerLimits { HostBytesPerSession = 1 << 20 });
        using RemoteDriver driver = server.Connect();
        driver.CreateContext();
        void* memory;
        CUdeviceptr managed;

        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, driver.cuMemHostAlloc(&memory, (1 << 20) + 1, 2));
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, driver.cuMemAllocManaged(&managed, (1 << 20) + 1, 1));
        Cuda.Ok(driver.cuMemHostAlloc(&memory, 1 << 20, 2));
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, driver.cuMemAllocManaged(&managed, 1, 1));
        Cuda.Ok(driver.cuMemFreeHost(memory));
        Cuda.Ok(driver.cuMemAllocManaged(&managed, 1 << 20, 1));
    }

    [Fact]
    public void Windows_OfSessionsThatHaveEnded_AreUsedAgain()
    {
        using var gpu = new SimulatedGpu();
        using var server = new TestServer(() => new SimulatedDriver(gpu));
        for (int round = 0; round < 300; round++)
        {
            using (RemoteDriver driver = server.Connect())
            {
                driver.CreateContext();
                void* memory;
                Cuda.Ok(driver.cuMemHostAlloc(&memory, 64, 0));
                Assert.True(driver.Session.HostMemory.Blocks.Find((ulong)memory)!.IsInWindow);
            }

            server.BecomesIdle();
        }
    }
}
