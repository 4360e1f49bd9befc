namespace CudaRpc.Simulator.Tests.Driver;

public sealed unsafe class MemoryTests
{
    [Fact]
    public void AllocateAndFree_CountAgainstTheDevice()
    {
        using var bench = new Bench();
        nuint before, during, total;
        Bench.Must(bench.Driver.cuMemGetInfo_v2(&before, &total));

        CUdeviceptr address = bench.Allocate(1 << 20);
        Bench.Must(bench.Driver.cuMemGetInfo_v2(&during, &total));
        Bench.Must(bench.Driver.cuMemFree_v2(address));

        Assert.Equal((nuint)(64 << 20), total);
        Assert.Equal(before - (1 << 20), during);
        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void Allocate_MoreThanThereIs_IsOutOfMemoryAndLeavesNothing()
    {
        using var bench = new Bench(memoryBytes: 1 << 20);
        CUdeviceptr address;
        bench.Allocate(600 << 10);

        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAlloc_v2(&address, 600 << 10));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAlloc_v2(&address, nuint.MaxValue));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemAlloc_v2(&address, 300 << 10));
    }

    [Fact]
    public void Allocate_BadArguments_AreInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr address;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAlloc_v2(&address, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAlloc_v2(null, 16));
    }

    [Fact]
    public void Free_OfNoAllocation_IsInvalid()
    {
        using var bench = new Bench();
        CUdeviceptr address = bench.Allocate(1024);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(address + 8ul));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(new CUdeviceptr(0x1234)));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemFree_v2(default));
        Bench.Must(bench.Driver.cuMemFree_v2(address));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(address));
    }

    [Fact]
    public void Memory_OfAnotherDriver_IsUnknown()
    {
        using var bench = new Bench();
        CUdeviceptr foreign = bench.Allocate(1024);
        using var other = new SimulatedDriver(bench.Gpu);
        CUcontext context;
        byte value;
        Bench.Must(other.cuInit(0));
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemFree_v2(foreign));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemcpyDtoH_v2(&value, foreign, 1));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, other.cuCtxSetCurrent(bench.Context));
    }

    [Fact]
    public void Memory_OfTwoDrivers_IsOneDevices()
    {
        using var bench = new Bench(memoryBytes: 1 << 20);
        bench.Allocate(700 << 10);
        using var other = new SimulatedDriver(bench.Gpu);
        CUcontext context;
        CUdeviceptr address;
        Bench.Must(other.cuInit(0));
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));

        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, other.cuMemAlloc_v2(&address, 700 << 10));
    }

    [Fact]
    public void Free_WaitsForWorkThatUsesTheMemory()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr source = bench.Allocate(4), target = bench.Allocate(4);
        bench.Write(source, 77);
        using Gate gate = bench.Block(stream);
        Bench.Must(bench.Driver.cuMemcpyDtoDAsync_v2(target, source, 4, stream));
        var opener = new Thread(gate.Open);
        opener.Start();

        Bench.Must(bench.Driver.cuMemFree_v2(source));

        opener.Join();
        Assert.Equal(77, bench.Read<int>(target));
    }

    [Fact]
    public void AddressRange_IsThatOfTheAllocation()
    {
        using var bench = new Bench();
        CUdeviceptr address = bench.Allocate(1000), start;
        nuint size;

        Bench.Must(bench.Driver.cuMemGetAddressRange_v2(&start, &size, address + 999ul));

        Assert.Equal(address, start);
        Assert.Equal((nuint)1000, size);
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemGetAddressRange_v2(null, null, address));
        Assert.Equal(CUDA_ERROR_NOT_FOUND, bench.Driver.cuMemGetAddressRange_v2(&start, &size, address + 1000ul));
    }

    [Fact]
    public void AllocatePitch_AlignsEveryRow()
    {
        using var bench = new Bench();
        CUdeviceptr address;
        nuint pitch, size;

        Bench.Must(bench.Driver.cuMemAllocPitch_v2(&address, &pitch, 700, 10, 4));
        Bench.Must(bench.Driver.cuMemGetAddressRange_v2(null, &size, address));

        Assert.Equal((nuint)1024, pitch);
        Assert.Equal((nuint)10240, size);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocPitch_v2(&address, &pitch, 700, 10, 3));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAllocPitch_v2(&address, &pitch, 700, nuint.MaxValue, 4));
    }

    [Fact]
    public void AsyncAllocation_IsFreedInStreamOrder()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemAllocAsync(&address, 4096, stream));
        using (bench.Block(stream))
        {
            Bench.Must(bench.Driver.cuMemFreeAsync(address, stream));
            Assert.Equal(4096ul, bench.Used);
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFreeAsync(address, stream));
        }

        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void AsyncAllocation_WaitsForQueuedFreesWhenMemoryIsShort()
    {
        using var bench = new Bench(memoryBytes: 1 << 20);
        CUstream stream = bench.NewStream();
        CUdeviceptr address;
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemAllocAsync(&address, 700 << 10, stream));
            Bench.Must(bench.Driver.cuMemsetD8Async(address, 1, 700 << 10, stream));
            Bench.Must(bench.Driver.cuMemFreeAsync(address, stream));
        }
    }

    [Fact]
    public void DefaultPool_CountsWhatItGave()
    {
        using var bench = new Bench();
        CUmemoryPool pool;
        CUdeviceptr address;
        ulong used, high, threshold = 12345, zero = 0;
        int reuse;
        Bench.Must(bench.Driver.cuDeviceGetDefaultMemPool(&pool, 0));
        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&address, 1000, pool, default));
        Bench.Must(bench.Driver.cuMemFree_v2(address));

        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &used));
        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH, &high));
        Assert.Equal((0ul, 1024ul), (used, high));
        Bench.Must(bench.Driver.cuMemPoolSetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH, &zero));
        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH, &high));
        Assert.Equal(0ul, high);
        Bench.Must(bench.Driver.cuMemPoolSetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &used));
        Assert.Equal(12345ul, used);
        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, &reuse));
        Assert.Equal(1, reuse);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocFromPoolAsync(&address, 1000, default, default));
    }

    [Fact]
    public void HostMemory_IsKnownUntilFreed()
    {
        using var bench = new Bench();
        void* pointer;
        uint flags;

        Bench.Must(bench.Driver.cuMemHostAlloc(&pointer, 5000, 1));
        ((byte*)pointer)[4999] = 1;
        Bench.Must(bench.Driver.cuMemHostGetFlags(&flags, (byte*)pointer + 10));
        Assert.Equal(1u, flags);
        Bench.Must(bench.Driver.cuMemFreeHost(pointer));

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFreeHost(pointer));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostGetFlags(&flags, pointer));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemFreeHost(null));
    }

    [Fact]
    public void HostMemory_BadArguments_HaveTheirResults()
    {
        using var bench = new Bench();
        void* pointer;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostAlloc(&pointer, 16, 0x10));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostAlloc(&pointer, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocHost_v2(null, 16));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAllocHost_v2(&pointer, nuint.MaxValue));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAllocHost_v2(&pointer, unchecked((nuint)(5ul << 30))));
    }

    [Fact]
    public void HostRegister_TakesEachByteOnce()
    {
        using var bench = new Bench();
        byte* memory = stackalloc byte[100];

        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemHostRegister_v2(memory + 20, 20, 0));
        Assert.Equal(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, bench.Driver.cuMemHostRegister_v2(memory, 21, 0));
        Assert.Equal(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, bench.Driver.cuMemHostRegister_v2(memory + 39, 1, 0));
        Assert.Equal(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, bench.Driver.cuMemHostRegister_v2(memory + 20, 20, 0));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemHostRegister_v2(memory, 20, 0));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemHostRegister_v2(memory + 40, 60, 0));
        Assert.Equal(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, bench.Driver.cuMemHostUnregister(memory + 1));
        Assert.Equal(CUDA_SUCCESS, bench.Driver.cuMemHostUnregister(memory + 20));
        Assert.Equal(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, bench.Driver.cuMemHostUnregister(memory + 20));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostUnregister(null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemHostRegister_v2(memory, nuint.MaxValue, 0));
    }
}
