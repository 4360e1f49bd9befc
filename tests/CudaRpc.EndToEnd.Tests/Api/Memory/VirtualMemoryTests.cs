using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUpointer_attribute;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Virtual memory management through a server.</summary>
public sealed unsafe class VirtualMemoryTests
{
    private const nuint Chunk = 2 << 20;

    // What PyTorch's expandable segments do: a large reservation, mapped piece by piece; tensors that lie over several pieces; pieces given back.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ExpandableSegment_GrowsAndShrinks(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver driver = server.Connect();
        CUdeviceptr segment = Reserve(driver, 512 * Chunk);
        for (uint piece = 0; piece < 8; piece++)
        {
            MapNew(driver, segment + (piece * Chunk), Chunk);
        }

        byte[] tensor = [.. Enumerable.Range(0, (3 * (int)Chunk) + 5).Select(static index => (byte)(index * 7))];
        CUdeviceptr place = segment + Chunk - 100ul;
        driver.Write(place, tensor);
        Assert.Equal(tensor, driver.Read(place, tensor.Length));
        Cuda.Ok(driver.cuMemcpyDtoD_v2(segment + (5 * Chunk), segment + Chunk, Chunk));
        Assert.Equal(driver.Read(segment + Chunk, 64), driver.Read(segment + (5 * Chunk), 64));

        Cuda.Ok(driver.cuMemUnmap(segment + (4 * Chunk), 4 * Chunk));
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(4ul * Chunk, server.Used());
        MapNew(driver, segment + (4 * Chunk), Chunk);
        Assert.Equal([0, 0], driver.Read(segment + (5 * Chunk) - 2ul, 2));
        Cuda.Ok(driver.cuMemUnmap(segment, 5 * Chunk));
        Cuda.Ok(driver.cuMemAddressFree(segment, 512 * Chunk));
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(0ul, server.Used());
    }

    [Fact]
    public void Growing_WaitsForThePieceAlone()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUdeviceptr segment = Reserve(driver, 16 * Chunk);
        MapNew(driver, segment, Chunk);
        long before = driver.Session.Statistics.Synchronous;

        MapNew(driver, segment + Chunk, Chunk);

        Assert.Equal(1, driver.Session.Statistics.Synchronous - before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SessionEnd_ReleasesReservationsMappingsAndHandles(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver driver = server.Connect();
        CUdeviceptr segment = Reserve(driver, 16 * Chunk);
        MapNew(driver, segment, Chunk);
        Create(driver, 3 * Chunk);
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.Equal(4ul * Chunk, server.Used());

        driver.Dispose();

        server.BecomesEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnotherSession_CannotTouchIt(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver owner = server.Connect(), other = server.Connect();
        CUdeviceptr segment = Reserve(owner, 4 * Chunk);
        ulong handle = Create(owner, Chunk);
        Cuda.Ok(owner.cuMemMap(segment, Chunk, 0, handle, 0));
        Cuda.Ok(owner.cuCtxSynchronize());
        Reserve(other, 4 * Chunk);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemUnmap(segment, Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemAddressFree(segment, 4 * Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemRelease(handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemMap(segment + Chunk, Chunk, 0, handle, 0));
    }

    [Fact]
    public void Handle_IsRetainedFromAnAddress_AndKnowsItsProperties()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUdeviceptr segment = Reserve(driver, 4 * Chunk);
        MapNew(driver, segment, Chunk);
        driver.Write(segment, [4]);
        ulong handle;
        CUmemAllocationProp_v1 properties;
        Cuda.Ok(driver.cuMemRetainAllocationHandle(&handle, (void*)(segment.Value + 17)));

        Cuda.Ok(driver.cuMemGetAllocationPropertiesFromHandle(&properties, handle));
        Assert.Equal((CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, 0), (properties.location.type, properties.location.id));
        Cuda.Ok(driver.cuMemMap(segment + Chunk, Chunk, 0, handle, 0));
        SetAccess(driver, segment + Chunk, Chunk);
        Assert.Equal([4], driver.Read(segment + Chunk, 1));
        Assert.Equal(Get<ulong>(driver, CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, segment), Get<ulong>(driver, CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, segment + Chunk));
        Cuda.Ok(driver.cuMemRelease(handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemGetAllocationPropertiesFromHandle(&properties, handle));
    }

    [Fact]
    public void Attributes_TellTheRangeTheMappingAndTheAccess()
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver driver = server.Connect();
        CUdeviceptr segment = Reserve(driver, 4 * Chunk), inside = segment + Chunk + 9ul;
        MapNew(driver, segment + Chunk, Chunk);
        CUmemorytype type;
        ulong access;
        CUmemLocation_v1 there = new() { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = 1 };

        Assert.Equal(CUmemorytype.CU_MEMORYTYPE_DEVICE, Get<CUmemorytype>(driver, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, inside));
        Assert.Equal(default, Get<CUcontext>(driver, CU_POINTER_ATTRIBUTE_CONTEXT, inside));
        Assert.Equal((segment, 4ul * Chunk), (Get<CUdeviceptr>(driver, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, inside), Get<ulong>(driver, CU_POINTER_ATTRIBUTE_RANGE_SIZE, inside)));
        Assert.Equal(
            (segment + Chunk, (ulong)Chunk),
            (Get<CUdeviceptr>(driver, CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR, inside), Get<ulong>(driver, CU_POINTER_ATTRIBUTE_MAPPING_SIZE, inside)));
        Assert.Equal(3u, Get<uint>(driver, CU_POINTER_ATTRIBUTE_ACCESS_FLAGS, inside));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, segment));
        Cuda.Ok(driver.cuMemGetAccess(&access, &there, inside));
        Assert.Equal(0ul, access);
        SetAccess(driver, segment + Chunk, Chunk, device: 1);
        Cuda.Ok(driver.cuMemGetAccess(&access, &there, inside));
        Assert.Equal(3ul, access);
    }

    [Fact]
    public void BadInput_IsRefusedAtOnce()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUdeviceptr segment = Reserve(driver, 4 * Chunk), none;
        ulong handle = Create(driver, Chunk), other;
        CUmemAllocationProp_v1 good = Properties(), nowhere = good, host = good;
        nowhere.location.id = 3;
        host.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST;
        var access = new CUmemAccessDesc_v1 { location = nowhere.location };

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemCreate(&other, 100, &good, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemCreate(null, Chunk, &good, 0));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, driver.cuMemCreate(&other, Chunk, &nowhere, 0));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuMemCreate(&other, Chunk, &host, 0));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, driver.cuMemCreate(&other, 1 << 30, &good, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemAddressReserve(&none, 1, 0, default, 0));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, driver.cuMemAddressReserve(&none, unchecked((nuint)(-4096)), 0, default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemMap(segment, 2 * Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemMap(segment + (4 * Chunk), Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemMap(segment + 4096ul, Chunk, 0, handle, 0));
        Cuda.Ok(driver.cuMemMap(segment, Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemMap(segment, Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemSetAccess(segment, 2 * Chunk, &access, 1));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, driver.cuMemSetAccess(segment, Chunk, &access, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemFree_v2(segment));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemAddressFree(segment, 4 * Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemRelease((ulong)driver.CurrentContext().Value));
        Cuda.Ok(driver.cuMemRelease(handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemRelease(handle));
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void Granularity_IsAskedForOnce()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        CUmemAllocationProp_v1 properties = Properties();
        nuint first, second;
        Cuda.Ok(driver.cuMemGetAllocationGranularity(&first, &properties, CUmemAllocationGranularity_flags.CU_MEM_ALLOC_GRANULARITY_MINIMUM));
        long before = driver.Session.Statistics.Synchronous;

        Cuda.Ok(driver.cuMemGetAllocationGranularity(&second, &properties, CUmemAllocationGranularity_flags.CU_MEM_ALLOC_GRANULARITY_MINIMUM));

        Assert.Equal((Chunk, Chunk, before), (first, second, driver.Session.Statistics.Synchronous));
    }

    [Fact]
    public void Multicast_AnswersAsTheServersDevices()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        var wanted = new CUmulticastObjectProp_v1 { numDevices = 1, size = Chunk };
        ulong handle, memory = Create(driver, Chunk);
        nuint granularity;

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuMulticastCreate(&handle, &wanted));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, driver.cuMulticastGetGranularity(&granularity, &wanted, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMulticastAddDevice(memory, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMulticastBindMem(memory, 0, memory, 0, Chunk, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMulticastBindAddr(memory, 0, new CUdeviceptr(1 << 20), Chunk, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMulticastUnbind(0, 0, 0, Chunk));
    }

    private static CUmemAllocationProp_v1 Properties() => new()
    {
        type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
        location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE },
    };

    private static CUdeviceptr Reserve(RemoteDriver driver, nuint size)
    {
        CUdeviceptr address;
        Cuda.Ok(driver.cuMemAddressReserve(&address, size, 0, default, 0));
        return address;
    }

    private static ulong Create(RemoteDriver driver, nuint size)
    {
        CUmemAllocationProp_v1 properties = Properties();
        ulong handle;
        Cuda.Ok(driver.cuMemCreate(&handle, size, &properties, 0));
        return handle;
    }

    private static void MapNew(RemoteDriver driver, CUdeviceptr address, nuint size)
    {
        ulong handle = Create(driver, size);
        Cuda.Ok(driver.cuMemMap(address, size, 0, handle, 0));
        Cuda.Ok(driver.cuMemRelease(handle));
        SetAccess(driver, address, size);
    }

    private static void SetAccess(RemoteDriver driver, CUdeviceptr address, nuint size, int device = 0)
    {
        var access = new CUmemAccessDesc_v1
        {
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = device },
            flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
        };
        Cuda.Ok(driver.cuMemSetAccess(address, size, &access, 1));
    }

    private static T Get<T>(RemoteDriver driver, CUpointer_attribute attribute, CUdeviceptr address)
        where T : unmanaged
    {
        T value;
        Cuda.Ok(driver.cuPointerGetAttribute(&value, attribute, address));
        return value;
    }
}
