using static CudaRpc.Driver.CUmemPool_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Memory pools: what they give, keep, count and refuse.</summary>
public sealed unsafe class MemoryPoolTests
{
    private const nuint Piece = 1 << 20;

    [Fact]
    public void CreatedPool_GivesMemoryThatKnowsIt()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench), found;
        CUdeviceptr address;
        CUcontext context = bench.Context;

        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&address, Piece, pool, default));

        Bench.Must(bench.Driver.cuPointerGetAttribute(&found, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, address));
        Bench.Must(bench.Driver.cuPointerGetAttribute(&context, CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT, address));
        Assert.Equal((pool, default), (found, context));
        bench.Write(address, 5);
        Assert.Equal(5, bench.Read<int>(address));
    }

    [Fact]
    public void PoolMemory_OutlivesTheContext()
    {
        using var bench = new Bench(withContext: false);
        CUcontext first = bench.NewContext();
        CUmemoryPool pool = Create(bench);
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&address, 64, pool, default));
        bench.Write(address, 9);
        Bench.Must(bench.Driver.cuCtxDestroy_v2(first));
        bench.NewContext();

        Assert.Equal(9, bench.Read<int>(address));
        Bench.Must(bench.Driver.cuMemFree_v2(address));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(address));
    }

    [Fact]
    public void FreedMemory_IsKeptUntilASynchronisation()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench);
        AllocateAndFree(bench, pool);
        while (bench.Driver.cuStreamQuery(default) == CUDA_ERROR_NOT_READY)
        {
        }

        Assert.Equal((0ul, (ulong)Piece), (Read(bench, pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT), Read(bench, pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)));
        Assert.Equal((ulong)Piece, bench.Used);
        Bench.Must(bench.Driver.cuStreamSynchronize(default));
        Assert.Equal((0ul, 0ul), (Read(bench, pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT), bench.Used));
        Assert.Equal(((ulong)Piece, (ulong)Piece), (Read(bench, pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH), Read(bench, pool, CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH)));
    }

    [Fact]
    public void ReleaseThreshold_KeepsMemory_UntilTrimmed()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench);
        ulong threshold = ulong.MaxValue;
        Bench.Must(bench.Driver.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
        AllocateAndFree(bench, pool);
        Bench.Must(bench.Driver.cuCtxSynchronize());

        Assert.Equal((ulong)Piece, bench.Used);
        Bench.Must(bench.Driver.cuMemPoolTrimTo(pool, Piece / 2));
        Assert.Equal((ulong)Piece / 2, bench.Used);
        Bench.Must(bench.Driver.cuMemPoolTrimTo(pool, 0));
        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void KeptMemory_IsReusedByThePool_AndGivenUpWhereTheDeviceIsFull()
    {
        using var bench = new Bench(memoryBytes: Piece);
        CUmemoryPool pool = Create(bench);
        ulong threshold = ulong.MaxValue;
        Bench.Must(bench.Driver.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
        AllocateAndFree(bench, pool);
        AllocateAndFree(bench, pool);
        Bench.Must(bench.Driver.cuCtxSynchronize());

        bench.Allocate(Piece);
        Assert.Equal(0ul, Read(bench, pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT));
    }

    [Fact]
    public void Limit_IsTheMostThatAPoolHolds()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench, limit: Piece);
        CUdeviceptr first, second;

        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&first, Piece, pool, default));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAllocFromPoolAsync(&second, 1, pool, default));
        Bench.Must(bench.Driver.cuMemFreeAsync(first, default));
        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&second, 1, pool, default));
    }

    [Fact]
    public void CurrentPool_IsWhatAllocationsUse_UntilItIsDestroyed()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench), current, standard;
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuDeviceSetMemPool(0, pool));
        Bench.Must(bench.Driver.cuMemAllocAsync(&address, Piece, default));
        Assert.Equal((ulong)Piece, Read(bench, pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT));

        Bench.Must(bench.Driver.cuMemPoolDestroy(pool));

        Bench.Must(bench.Driver.cuDeviceGetMemPool(&current, 0));
        Bench.Must(bench.Driver.cuDeviceGetDefaultMemPool(&standard, 0));
        Assert.Equal(standard, current);
        bench.Write(address, 3);
        Assert.Equal(3, bench.Read<int>(address));
        Bench.Must(bench.Driver.cuMemFree_v2(address));
        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void Access_IsTheOwnDevicesAndWhoeverElsesIsSet()
    {
        using var bench = new Bench(devices: 2);
        CUmemoryPool pool = Create(bench);
        var peer = new CUmemAccessDesc_v1 { location = At(1), flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE };
        var own = new CUmemAccessDesc_v1 { location = At(0), flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE };
        var nowhere = peer with { location = At(2) };
        CUmemLocation_v1 here = At(0), there = At(1);
        CUmemAccess_flags mine, theirs, later;

        Bench.Must(bench.Driver.cuMemPoolGetAccess(&mine, pool, &here));
        Bench.Must(bench.Driver.cuMemPoolGetAccess(&theirs, pool, &there));
        Bench.Must(bench.Driver.cuMemPoolSetAccess(pool, &peer, 1));
        Bench.Must(bench.Driver.cuMemPoolGetAccess(&later, pool, &there));

        Assert.Equal((CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE, CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE), (mine, theirs));
        Assert.Equal(CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE, later);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolSetAccess(pool, &own, 1));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuMemPoolSetAccess(pool, &nowhere, 1));
    }

    [Theory]
    [InlineData(true, CUDA_SUCCESS)]
    [InlineData(false, CUDA_ERROR_ILLEGAL_ADDRESS)]
    public void Kernel_OnAnotherDevice_ReachesAPool_WhereAccessIsSet(bool set, CUresult expected)
    {
        using var bench = new Bench(devices: 2);
        CUmemoryPool pool = Create(bench);
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&address, 16, pool, default));
        var peer = new CUmemAccessDesc_v1 { location = At(1), flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE };
        if (set)
        {
            Bench.Must(bench.Driver.cuMemPoolSetAccess(pool, &peer, 1));
        }
        bench.NewContext(1);
        uint value = 4;
        void** parameters = stackalloc void*[] { &address, &value };

        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("store"), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));

        Assert.Equal(expected, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Create_BadProperties_AreRefused()
    {
        using var bench = new Bench();
        CUmemoryPool pool;
        CUmemPoolProps_v1 good = Properties(), nowhere = good, host = good, managed = good, none = good, windows = good, reserved = good;
        nowhere.location.id = 1;
        host.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST;
        managed.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_MANAGED;
        none.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_INVALID;
        windows.handleTypes = CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_WIN32;
        reserved.reserved[3] = 1;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolCreate(null, &good));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolCreate(&pool, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolCreate(&pool, &nowhere));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMemPoolCreate(&pool, &host));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMemPoolCreate(&pool, &managed));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolCreate(&pool, &none));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMemPoolCreate(&pool, &windows));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolCreate(&pool, &reserved));
    }

    [Fact]
    public void Pools_StaleAndWrong_AreInvalid()
    {
        using var bench = new Bench(devices: 2);
        CUmemoryPool pool = Create(bench), standard;
        CUdeviceptr address;
        ulong value, one = 1;
        Bench.Must(bench.Driver.cuDeviceGetDefaultMemPool(&standard, 0));

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolDestroy(standard));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceSetMemPool(1, pool));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolGetAttribute(pool, (CUmemPool_attribute)99, &value));
        Bench.Must(bench.Driver.cuMemPoolDestroy(pool));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolDestroy(pool));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocFromPoolAsync(&address, 16, pool, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolTrimTo(default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolTrimTo(new CUmemoryPool(bench.Context.Value), 0));
    }

    private static CUmemLocation_v1 At(int device) => new() { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = device };

    private static CUmemPoolProps_v1 Properties(nuint limit = 0) => new()
    {
        allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
        location = At(0),
        maxSize = limit,
    };

    private static CUmemoryPool Create(Bench bench, nuint limit = 0)
    {
        CUmemPoolProps_v1 properties = Properties(limit);
        CUmemoryPool pool;
        Bench.Must(bench.Driver.cuMemPoolCreate(&pool, &properties));
        return pool;
    }

    private static void AllocateAndFree(Bench bench, CUmemoryPool pool)
    {
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemAllocFromPoolAsync(&address, Piece, pool, default));
        Bench.Must(bench.Driver.cuMemFreeAsync(address, default));
    }

    private static ulong Read(Bench bench, CUmemoryPool pool, CUmemPool_attribute attribute)
    {
        ulong value;
        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, attribute, &value));
        return value;
    }
}
