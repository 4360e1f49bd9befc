namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class DisposeTests
{
    [Fact]
    public void Dispose_ReleasesEverything()
    {
        using var bench = new Bench(devices: 2);
        bench.Allocate(1000);
        bench.AllocateHost(1000);
        bench.NewStream();
        bench.NewEvent();
        bench.NewContext(1);
        bench.Allocate(1000);
        CUcontext primary;
        Bench.Must(bench.Driver.cuDevicePrimaryCtxRetain(&primary, 0));
        Bench.Must(bench.Driver.cuCtxSetCurrent(primary));
        bench.Allocate(1000);

        bench.Driver.Dispose();

        Assert.All(bench.Gpu.Devices, static device => Assert.Equal(0ul, device.UsedBytes));
        Assert.Equal(0, bench.Driver.HandleCount);
    }

    [Fact]
    public void Calls_AfterDispose_AreDeinitialized()
    {
        using var bench = new Bench();
        CUdeviceptr address = bench.Allocate(16);
        CUstream stream = bench.NewStream();
        int count;
        CUcontext context;
        bench.Driver.Dispose();
        bench.Driver.Dispose();

        Assert.Equal(CUDA_ERROR_DEINITIALIZED, bench.Driver.cuInit(0));
        Assert.Equal(CUDA_ERROR_DEINITIALIZED, bench.Driver.cuDeviceGetCount(&count));
        Assert.Equal(CUDA_ERROR_DEINITIALIZED, bench.Driver.cuMemFree_v2(address));
        Assert.Equal(CUDA_ERROR_DEINITIALIZED, bench.Driver.cuStreamSynchronize(stream));
        Assert.Equal(CUDA_ERROR_DEINITIALIZED, bench.Driver.cuCtxCreate_v2(&context, 0, 0));
        Assert.Equal(CUDA_ERROR_DEINITIALIZED, bench.Driver.cuDevicePrimaryCtxRetain(&context, 0));
    }

    [Fact]
    public void Dispose_SkipsQueuedWorkAndFreesTheWaiting()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        Gate gate = bench.Block(stream);
        gate.WaitUntilReached();
        bool ran = false;
        bench.Call(stream, () => ran = true);
        CUresult waited = CUDA_ERROR_UNKNOWN;
        var waiter = new Thread(() => waited = bench.Driver.cuStreamSynchronize(stream));
        waiter.Start();
        var disposer = new Thread(bench.Driver.Dispose);
        disposer.Start();
        int count;
        while (bench.Driver.cuDeviceGetCount(&count) != CUDA_ERROR_DEINITIALIZED)
        {
            Thread.Yield();
        }

        gate.Open();

        disposer.Join();
        waiter.Join();
        Assert.False(ran);
    }

    [Fact]
    public void Dispose_LeavesOtherDriversAlone()
    {
        using var bench = new Bench();
        CUdeviceptr address = bench.Allocate(4);
        bench.Write(address, 1234);
        var other = new SimulatedDriver(bench.Gpu);
        CUcontext context;
        CUdeviceptr foreign;
        Bench.Must(other.cuInit(0));
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));
        Bench.Must(other.cuMemAlloc_v2(&foreign, 1 << 20));

        other.Dispose();

        Assert.Equal(512ul, bench.Used);
        Assert.Equal(1234, bench.Read<int>(address));
    }

    [Fact]
    public void Dispose_DuringCallsOfManyThreads_LeavesNothing()
    {
        for (int round = 0; round < 10; round++)
        {
            using var bench = new Bench();
            var threads = new Thread[4];
            for (int i = 0; i < threads.Length; i++)
            {
                threads[i] = new Thread(() => Churn(bench));
                threads[i].Start();
            }
            Thread.Yield();

            bench.Driver.Dispose();

            foreach (Thread thread in threads)
            {
                thread.Join();
            }
            Assert.Equal(0ul, bench.Used);
        }
    }

    // Makes and uses things until the driver is gone.
    private static void Churn(Bench bench)
    {
        SimulatedDriver driver = bench.Driver;
        driver.cuCtxSetCurrent(bench.Context);
        CUresult last = CUDA_SUCCESS;
        while (last != CUDA_ERROR_DEINITIALIZED)
        {
            CUdeviceptr address;
            CUstream stream;
            CUcontext context;
            void* host;
            last = driver.cuMemAlloc_v2(&address, 100);
            if (last == CUDA_SUCCESS && driver.cuStreamCreate(&stream, 0) == CUDA_SUCCESS)
            {
                driver.cuMemsetD8Async(address, 1, 100, stream);
                driver.cuMemcpyDtoH_v2(&context, address, 8);
                driver.cuStreamDestroy_v2(stream);
                driver.cuMemFreeAsync(address, default);
            }
            if (driver.cuCtxCreate_v2(&context, 0, 0) == CUDA_SUCCESS)
            {
                driver.cuMemAlloc_v2(&address, 100);
                driver.cuMemAllocHost_v2(&host, 100);
                driver.cuCtxDestroy_v2(context);
            }
        }
    }
}
