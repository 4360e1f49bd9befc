using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUmemPool_attribute;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Memory pools through a server, with a driver for each session and with one that sessions share.</summary>
public sealed unsafe class MemoryPoolTests
{
    private const nuint Piece = 1 << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CreatedPool_GivesMemory_CountsIt_AndKeepsItToTheThreshold(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver driver = server.Connect();
        CUmemoryPool pool = Create(driver), found;
        CUdeviceptr address;
        ulong threshold = ulong.MaxValue;
        Cuda.Ok(driver.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
        Cuda.Ok(driver.cuMemAllocFromPoolAsync(&address, Piece, pool, default));
        driver.Write(address, [1, 2, 3]);

        Assert.Equal([1, 2, 3], driver.Read(address, 3));
        Cuda.Ok(driver.cuPointerGetAttribute(&found, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, address));
        Assert.Equal(pool, found);
        Assert.Equal((ulong)Piece, Read(driver, pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT));
        Cuda.Ok(driver.cuMemFreeAsync(address, default));
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal((0ul, (ulong)Piece), (Read(driver, pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT), Read(driver, pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)));
        Cuda.Ok(driver.cuMemPoolTrimTo(pool, 0));
        Assert.Equal(0ul, Read(driver, pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT));
        Assert.Equal(threshold, Read(driver, pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DefaultPool_IsTheSessionsOwn(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver one = server.Connect(), other = server.Connect();
        CUmemoryPool pool, otherPool;
        CUdeviceptr address;
        ulong threshold = 4096;
        Cuda.Ok(one.cuDeviceGetDefaultMemPool(&pool, 0));
        Cuda.Ok(other.cuDeviceGetDefaultMemPool(&otherPool, 0));
        Cuda.Ok(one.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
        Cuda.Ok(one.cuMemAllocAsync(&address, Piece, default));

        Assert.Equal((ulong)Piece, Read(one, pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT));
        Assert.Equal((0ul, 0ul), (Read(other, otherPool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT), Read(other, otherPool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, one.cuMemPoolDestroy(pool));
        one.Dispose();
        other.Dispose();
        server.BecomesEmpty();
    }

    [Fact]
    public void CurrentPool_IsThePrograms_AndTheDefaultOneAfterItsEnd()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUmemoryPool pool = Create(driver), current, standard;
        CUmemLocation_v1 here = At(0);
        CUdeviceptr address;
        Cuda.Ok(driver.cuMemSetMemPool(&here, CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED, pool));
        Cuda.Ok(driver.cuMemGetMemPool(&current, &here, CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED));
        Cuda.Ok(driver.cuMemGetDefaultMemPool(&standard, &here, CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED));
        Assert.Equal(pool, current);
        Cuda.Ok(driver.cuMemAllocAsync(&address, Piece, default));
        Assert.Equal((ulong)Piece, Read(driver, pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH));

        Cuda.Ok(driver.cuMemPoolDestroy(pool));

        Cuda.Ok(driver.cuDeviceGetMemPool(&current, 0));
        Assert.Equal(standard, current);
        driver.Write(address, [7]);
        Assert.Equal([7], driver.Read(address, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemAllocFromPoolAsync(&address, 16, pool, default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PoolMemory_OutlivesItsContext_AndEndsWithTheSession(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver driver = server.Connect();
        CUcontext first = driver.CurrentContext(), of;
        CUmemoryPool pool = Create(driver);
        CUdeviceptr address;
        Cuda.Ok(driver.cuMemAllocFromPoolAsync(&address, Piece, pool, default));
        driver.Write(address, [1]);
        Cuda.Ok(driver.cuCtxDestroy_v2(first));
        driver.CreateContext();

        Assert.Equal([1], driver.Read(address, 1));
        Cuda.Ok(driver.cuPointerGetAttribute(&of, CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT, address));
        Assert.Equal(default, of);
        driver.Dispose();
        server.BecomesEmpty();
    }

    [Fact]
    public void Access_OfAnotherDevice_IsSetAndRead()
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver driver = server.Connect();
        CUmemoryPool pool = Create(driver);
        CUmemLocation_v1 there = At(1);
        CUmemAccess_flags before, after;
        var access = new CUmemAccessDesc_v1 { location = there, flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE };
        var own = new CUmemAccessDesc_v1 { location = At(0) };

        Cuda.Ok(driver.cuMemPoolGetAccess(&before, pool, &there));
        Cuda.Ok(driver.cuMemPoolSetAccess(pool, &access, 1));
        Cuda.Ok(driver.cuMemPoolGetAccess(&after, pool, &there));

        Assert.Equal((CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE, CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE), (before, after));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolSetAccess(pool, &own, 1));
    }

    [Fact]
    public void BadInput_IsRefusedAsByTheRealDriver()
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver driver = server.Connect(), other = server.Connect();
        CUmemoryPool pool = Create(driver), none;
        CUmemPoolProps_v1 nowhere = Properties(), host = Properties(), managed = Properties();
        CUdeviceptr address;
        ulong one = 1;
        CUmemAccess_flags flags;
        nowhere.location.id = 2;
        host.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA;
        managed.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_MANAGED;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolCreate(&none, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolCreate(null, &nowhere));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolCreate(&none, &nowhere));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuMemPoolCreate(&none, &host));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuMemPoolCreate(&none, &managed));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, driver.cuDeviceGetDefaultMemPool(&none, 2));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuDeviceSetMemPool(1, pool));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemAllocFromPoolAsync(&address, 0, pool, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemAllocFromPoolAsync(&address, 1, default, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, driver.cuMemAllocFromPoolAsync(&address, 1, pool, new CUstream(pool.Value)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemAllocFromPoolAsync(&address, 1, pool, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolGetAttribute(pool, (CUmemPool_attribute)77, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolGetAttribute(default, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolGetAccess(&flags, pool, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolTrimTo(default, 0));
        Cuda.Ok(driver.cuMemPoolDestroy(pool));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolDestroy(pool));
    }

    [Fact]
    public void PoolsSupported_IsWhatTheServersDeviceSays()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        int supported;

        Cuda.Ok(driver.cuDeviceGetAttribute(&supported, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, 0));

        Assert.Equal(1, supported);
    }

    private static CUmemLocation_v1 At(int device) => new() { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = device };

    private static CUmemPoolProps_v1 Properties() => new()
    {
        allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
        location = At(0),
    };

    private static CUmemoryPool Create(RemoteDriver driver)
    {
        CUmemPoolProps_v1 properties = Properties();
        CUmemoryPool pool;
        Cuda.Ok(driver.cuMemPoolCreate(&pool, &properties));
        return pool;
    }

    private static ulong Read(RemoteDriver driver, CUmemoryPool pool, CUmemPool_attribute attribute)
    {
        ulong value;
        Cuda.Ok(driver.cuMemPoolGetAttribute(pool, attribute, &value));
        return value;
    }
}
