using static CudaRpc.Driver.CUpointer_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Reserved addresses, physical memory, mappings and their access.</summary>
public sealed unsafe class VirtualMemoryTests
{
    private const nuint Chunk = 2 << 20;

    [Fact]
    public void Mappings_SideBySide_AreOnePieceOfMemory()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, 4 * Chunk);
        MapNew(bench, address, Chunk);
        MapNew(bench, address + Chunk, Chunk);
        SetAccess(bench, address, 2 * Chunk);
        CUdeviceptr across = address + Chunk - 4ul, other = bench.Allocate(8);
        CUdeviceptr beyond = address + (2 * Chunk);
        byte value;

        Bench.Must(bench.Driver.cuMemsetD32_v2(address, 5, 2 * Chunk / 4));
        bench.Write(across, 0x1122334455667788);
        Bench.Must(bench.Driver.cuMemcpyDtoD_v2(other, across, 8));

        Assert.Equal(0x1122334455667788, bench.Read<long>(other));
        Assert.Equal(5, bench.Read<int>(address + (2 * Chunk) - 4ul));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemcpyDtoH_v2(&value, beyond, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD8_v2(beyond - 1ul, 0, 2));
    }

    [Fact]
    public void OneAllocation_MappedTwice_IsSeenAtBothAddresses()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, 2 * Chunk);
        ulong handle = Create(bench, Chunk);
        Bench.Must(bench.Driver.cuMemMap(address, Chunk, 0, handle, 0));
        Bench.Must(bench.Driver.cuMemMap(address + Chunk, Chunk, 0, handle, 0));
        SetAccess(bench, address, 2 * Chunk);

        bench.Write(address + 8ul, 77);

        Assert.Equal(77, bench.Read<int>(address + Chunk + 8ul));
    }

    [Theory]
    [InlineData(CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE, CUDA_SUCCESS)]
    [InlineData(CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE, CUDA_ERROR_ILLEGAL_ADDRESS)]
    public void Kernel_ReachesAMapping_WhereItsDeviceMay(CUmemAccess_flags flags, CUresult expected)
    {
        using var bench = new Bench(devices: 2);
        CUdeviceptr address = Reserve(bench, Chunk);
        MapNew(bench, address, Chunk);
        SetAccess(bench, address, Chunk, device: 0);
        SetAccess(bench, address, Chunk, device: 1, flags);
        CUcontext second = bench.NewContext(1);

        Store(bench, address + 16ul, 9);

        Assert.Equal(expected, bench.Driver.cuCtxSynchronize_v2(second));
        Bench.Must(bench.Driver.cuCtxSetCurrent(bench.Context));
        Assert.Equal(expected == CUDA_SUCCESS ? 9 : 0, bench.Read<int>(address + 16ul));
    }

    [Fact]
    public void Mapping_WithoutAccess_CanBeUsedByNobody()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, Chunk);
        MapNew(bench, address, Chunk);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemsetD8_v2(address, 0, 1));
        Store(bench, address, 1);
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());
    }

    [Fact]
    public void Unmapped_MayBeMappedAnew_AndHoldsOtherMemory()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, Chunk);
        MapNew(bench, address, Chunk);
        SetAccess(bench, address, Chunk);
        bench.Write(address, 1);
        Bench.Must(bench.Driver.cuMemUnmap(address, Chunk));
        Assert.Equal(0ul, bench.Used);

        MapNew(bench, address, Chunk);
        SetAccess(bench, address, Chunk);

        Assert.Equal(0, bench.Read<int>(address));
    }

    [Fact]
    public void Memory_LivesWhileAHandleOrAMappingIsLeft()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, Chunk);
        ulong handle = Create(bench, Chunk), retained;
        Bench.Must(bench.Driver.cuMemMap(address, Chunk, 0, handle, 0));
        SetAccess(bench, address, Chunk);
        bench.Write(address, 3);
        Bench.Must(bench.Driver.cuMemRelease(handle));
        Bench.Must(bench.Driver.cuMemRetainAllocationHandle(&retained, (void*)(address.Value + 5)));
        Bench.Must(bench.Driver.cuMemUnmap(address, Chunk));
        Assert.Equal((ulong)Chunk, bench.Used);

        Bench.Must(bench.Driver.cuMemMap(address, Chunk, 0, retained, 0));
        SetAccess(bench, address, Chunk);
        Assert.Equal(3, bench.Read<int>(address));
        Bench.Must(bench.Driver.cuMemRelease(retained));
        Bench.Must(bench.Driver.cuMemUnmap(address, Chunk));
        Assert.Equal(0ul, bench.Used);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemRelease(retained));
    }

    [Fact]
    public void Unmap_TakesWholeMappingsOnly()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, 4 * Chunk);
        MapNew(bench, address, 2 * Chunk);
        MapNew(bench, address + (2 * Chunk), Chunk);

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemUnmap(address, Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemUnmap(address, 4 * Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemUnmap(address + Chunk, Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAddressFree(address, 4 * Chunk));
        Bench.Must(bench.Driver.cuMemUnmap(address, 3 * Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemUnmap(address, 3 * Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAddressFree(address, Chunk));
        Bench.Must(bench.Driver.cuMemAddressFree(address, 4 * Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAddressFree(address, 4 * Chunk));
    }

    [Fact]
    public void Unmap_UnderARunningKernel_HarmsNobody()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUdeviceptr address = Reserve(bench, Chunk);
        MapNew(bench, address, Chunk);
        SetAccess(bench, address, Chunk);
        bench.Write(address, 0);
        CUfunction forever = bench.GetFunction("forever");
        void** parameters = stackalloc void*[] { &address };
        Bench.Must(bench.Driver.cuLaunchKernel(forever, 1, 1, 1, 1, 1, 1, 0, stream, parameters, null));

        Bench.Must(bench.Driver.cuMemUnmap(address, Chunk));
        Bench.Must(bench.Driver.cuMemAddressFree(address, Chunk));

        bench.Driver.Dispose();
        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void Reserve_KeepsToAlignmentAndHint_AndBelongsToOneDriver()
    {
        using var bench = new Bench();
        using var other = new SimulatedDriver(bench.Gpu);
        Bench.Must(other.cuInit(0));
        CUdeviceptr far = Reserve(bench, Chunk) + (1ul << 40), wished, taken;
        CUdeviceptr aligned;

        Bench.Must(bench.Driver.cuMemAddressReserve(&wished, Chunk, 0, far, 0));
        Bench.Must(bench.Driver.cuMemAddressReserve(&taken, Chunk, 0, far, 0));
        Bench.Must(bench.Driver.cuMemAddressReserve(&aligned, 4096, 1 << 30, default, 0));

        Assert.Equal(far, wished);
        Assert.NotEqual(far, taken);
        Assert.Equal(0ul, aligned.Value % (1 << 30));
        ulong handle = Create(bench, Chunk);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemAddressFree(far, Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, other.cuMemMap(far, Chunk, 0, handle, 0));
    }

    [Fact]
    public void Attributes_TellTheRangeTheMappingAndTheAccess()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, 4 * Chunk), start;
        nuint size;
        MapNew(bench, address + Chunk, Chunk);
        SetAccess(bench, address + Chunk, Chunk);
        CUdeviceptr inside = address + Chunk + 100ul;

        Assert.Equal(CUmemorytype.CU_MEMORYTYPE_DEVICE, Get<CUmemorytype>(bench, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, inside));
        Assert.Equal(default, Get<CUcontext>(bench, CU_POINTER_ATTRIBUTE_CONTEXT, inside));
        Assert.Equal(0, Get<int>(bench, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, inside));
        Assert.Equal(address, Get<CUdeviceptr>(bench, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, inside));
        Assert.Equal(4ul * Chunk, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_RANGE_SIZE, inside));
        Assert.Equal(address + Chunk, Get<CUdeviceptr>(bench, CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR, inside));
        Assert.Equal((ulong)Chunk, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_MAPPING_SIZE, inside));
        Assert.Equal(3u, Get<uint>(bench, CU_POINTER_ATTRIBUTE_ACCESS_FLAGS, inside));
        Assert.NotEqual(0ul, Get<ulong>(bench, CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, inside));
        Bench.Must(bench.Driver.cuMemGetAddressRange_v2(&start, &size, inside));
        Assert.Equal((address + Chunk, Chunk), (start, size));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemFree_v2(address + Chunk));
    }

    [Fact]
    public void BadInput_IsRefused()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, 4 * Chunk), none;
        ulong handle = Create(bench, Chunk), other;
        CUmemAllocationProp_v1 good = Properties(), nowhere = good, host = good, windows = good, rdma = good, kind = good;
        nowhere.location.id = 1;
        host.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA;
        windows.requestedHandleTypes = CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_WIN32;
        rdma.allocFlags.gpuDirectRDMACapable = 1;
        kind.type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_INVALID;
        CUmemLocation_v1 here = new() { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE };
        nuint granularity;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemCreate(&other, 100, &good, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemCreate(&other, Chunk, &kind, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemCreate(&other, Chunk, &good, 1));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuMemCreate(&other, Chunk, &nowhere, 0));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMemCreate(&other, Chunk, &host, 0));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMemCreate(&other, Chunk, &windows, 0));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMemCreate(&other, Chunk, &rdma, 0));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemCreate(&other, 1 << 30, &good, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAddressReserve(&none, 100, 0, default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAddressReserve(&none, Chunk, 3, default, 0));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAddressReserve(&none, unchecked((nuint)(-4096)), 0, default, 0));
        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, bench.Driver.cuMemAddressReserve(&none, Chunk, (nuint)1 << 63, default, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(address, Chunk, Chunk, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(address, 2 * Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(address + 4096ul, Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(address + (4 * Chunk), Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(address, Chunk, 0, 12345, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(bench.Allocate(Chunk), Chunk, 0, handle, 0));
        Bench.Must(bench.Driver.cuMemMap(address, Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemMap(address, Chunk, 0, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemGetAccess(&other, &here, address + Chunk));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemRetainAllocationHandle(&other, (void*)(address.Value + Chunk)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemSetAccess(address, Chunk, null, 1));
        Bench.Must(bench.Driver.cuMemGetAllocationGranularity(&granularity, &good, CUmemAllocationGranularity_flags.CU_MEM_ALLOC_GRANULARITY_RECOMMENDED));
        Assert.Equal(Chunk, granularity);
    }

    [Fact]
    public void Multicast_IsNotSupportedByTheHardware()
    {
        using var bench = new Bench();
        var wanted = new CUmulticastObjectProp_v1 { numDevices = 1, size = Chunk };
        ulong handle;
        nuint granularity;
        int supported = 1;

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMulticastCreate(&handle, &wanted));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuMulticastGetGranularity(&granularity, &wanted, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMulticastAddDevice(Create(bench, Chunk), 0));
        Bench.Must(bench.Driver.cuDeviceGetAttribute(&supported, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTICAST_SUPPORTED, 0));
        Assert.Equal(0, supported);
    }

    [Fact]
    public void Dispose_GivesEverythingBack()
    {
        using var bench = new Bench();
        CUdeviceptr address = Reserve(bench, 4 * Chunk);
        MapNew(bench, address, Chunk);
        Create(bench, Chunk);

        bench.Driver.Dispose();

        Assert.Equal(0ul, bench.Used);
    }

    private static CUmemAllocationProp_v1 Properties() => new()
    {
        type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
        location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE },
    };

    private static CUdeviceptr Reserve(Bench bench, nuint size)
    {
        CUdeviceptr address;
        Bench.Must(bench.Driver.cuMemAddressReserve(&address, size, 0, default, 0));
        return address;
    }

    private static ulong Create(Bench bench, nuint size)
    {
        CUmemAllocationProp_v1 properties = Properties();
        ulong handle;
        Bench.Must(bench.Driver.cuMemCreate(&handle, size, &properties, 0));
        return handle;
    }

    // As PyTorch does it: the handle is let go of at once.
    private static void MapNew(Bench bench, CUdeviceptr address, nuint size)
    {
        ulong handle = Create(bench, size);
        Bench.Must(bench.Driver.cuMemMap(address, size, 0, handle, 0));
        Bench.Must(bench.Driver.cuMemRelease(handle));
    }

    private static void SetAccess(
        Bench bench,
        CUdeviceptr address,
        nuint size,
        int device = 0,
        CUmemAccess_flags flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
    {
        var access = new CUmemAccessDesc_v1
        {
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = device },
            flags = flags,
        };
        Bench.Must(bench.Driver.cuMemSetAccess(address, size, &access, 1));
    }

    private static void Store(Bench bench, CUdeviceptr address, uint value)
    {
        void** parameters = stackalloc void*[] { &address, &value };
        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("store"), 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
    }

    private static T Get<T>(Bench bench, CUpointer_attribute attribute, CUdeviceptr address)
        where T : unmanaged
    {
        T value;
        Bench.Must(bench.Driver.cuPointerGetAttribute(&value, attribute, address));
        return value;
    }
}
