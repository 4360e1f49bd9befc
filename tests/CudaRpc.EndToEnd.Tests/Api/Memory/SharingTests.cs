using CudaRpc.Client;
using CudaRpc.Driver;
using Microsoft.Win32.SafeHandles;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Memory and events that one client of a server shows to another.</summary>
public sealed unsafe class SharingTests
{
    private const nuint Chunk = 2 << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_IsSharedBothWays(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUdeviceptr memory = exporter.Allocate(64);
        exporter.Write(memory, [1, 2, 3]);

        CUdeviceptr opened = Open(importer, Export(exporter, memory + 5ul));

        Assert.Equal([1, 2, 3], importer.Read(opened, 3));
        importer.Write(opened + 8ul, [9]);
        Cuda.Ok(importer.cuCtxSynchronize());
        Assert.Equal([9], exporter.Read(memory + 8ul, 1));
        CUdeviceptr start;
        nuint size;
        Cuda.Ok(importer.cuMemGetAddressRange_v2(&start, &size, opened + 3ul));
        Assert.Equal((opened, (nuint)64), (start, size));
        Cuda.Ok(importer.cuIpcCloseMemHandle(opened));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuIpcCloseMemHandle(opened));
        Cuda.Ok(exporter.cuMemFree_v2(memory));
        Cuda.Ok(exporter.cuCtxSynchronize());
        Assert.Equal(0ul, server.Used());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_FreedByItsOwner_LivesUntilItIsClosed(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUdeviceptr memory = exporter.Allocate(64), again;
        exporter.Write(memory, [7]);
        CUipcMemHandle_v1 handle = Export(exporter, memory);
        CUdeviceptr opened = Open(importer, handle);

        Cuda.Ok(exporter.cuMemFree_v2(memory));
        Cuda.Ok(exporter.cuCtxSynchronize());

        Assert.Equal([7], importer.Read(opened, 1));
        using RemoteDriver late = server.Connect();
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, late.cuIpcOpenMemHandle_v2(&again, handle, 1));
        Cuda.Ok(importer.cuIpcCloseMemHandle(opened));
        Assert.Equal(0ul, server.Used());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sessions_ThatEnd_LeaveNothing(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver exporter = server.Connect(), importer = server.Connect(), other = server.Connect();
        CUipcMemHandle_v1 handle = Export(exporter, exporter.Allocate(64));
        Open(importer, handle);
        Open(other, handle);

        importer.Dispose();
        exporter.Dispose();
        other.Dispose();

        server.BecomesEmpty();
    }

    [Fact]
    public void Memory_OpenedTwice_IsClosedTwice()
    {
        using var server = new MemoryServer();
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUipcMemHandle_v1 handle = Export(exporter, exporter.Allocate(64));

        CUdeviceptr first = Open(importer, handle), second = Open(importer, handle);

        Assert.Equal(first, second);
        Cuda.Ok(importer.cuIpcCloseMemHandle(first));
        importer.Read(second, 1);
        Cuda.Ok(importer.cuIpcCloseMemHandle(second));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuIpcCloseMemHandle(second));
    }

    [Fact]
    public void BadHandles_GetWhatCudaGivesThem()
    {
        using var server = new MemoryServer();
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUdeviceptr memory = exporter.Allocate(64), pooled, opened;
        CUipcMemHandle_v1 handle = Export(exporter, memory), garbage = default, foreign = handle;
        foreign.reserved[12] ^= 1;
        Cuda.Ok(exporter.cuMemAllocAsync(&pooled, 64, default));

        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, exporter.cuIpcOpenMemHandle_v2(&opened, handle, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuIpcOpenMemHandle_v2(&opened, handle, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuIpcOpenMemHandle_v2(null, handle, 1));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, importer.cuIpcOpenMemHandle_v2(&opened, garbage, 1));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, importer.cuIpcOpenMemHandle_v2(&opened, foreign, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, exporter.cuIpcGetMemHandle(&handle, pooled));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, exporter.cuIpcGetMemHandle(&handle, default));
        opened = Open(importer, handle);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemFree_v2(opened));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuIpcGetMemHandle(&garbage, opened));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, exporter.cuIpcCloseMemHandle(memory));
    }

    [Fact]
    public void Event_RecordedByOne_IsWaitedForByTheOther()
    {
        using var server = new MemoryServer();
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUdeviceptr flag = exporter.Allocate(8);
        exporter.Write(flag, new byte[8]);
        CUevent made, opened, plain = exporter.CreateEvent();
        CUipcEventHandle_v1 handle;
        CUstream blocked, free;
        Cuda.Ok(exporter.cuStreamCreate(&blocked, 1));
        Cuda.Ok(exporter.cuStreamCreate(&free, 1));
        Cuda.Ok(exporter.cuEventCreate(&made, 6));
        Cuda.Ok(exporter.cuIpcGetEventHandle(&handle, made));
        Cuda.Ok(importer.cuIpcOpenEventHandle(&opened, handle));
        Cuda.Ok(exporter.cuStreamWaitValue32_v2(blocked, flag, 1, 1));
        Cuda.Ok(exporter.cuEventRecord(made, blocked));
        Assert.Equal(CUDA_ERROR_NOT_READY, exporter.cuEventQuery(made));

        Assert.Equal(CUDA_ERROR_NOT_READY, importer.cuEventQuery(opened));
        Cuda.Ok(exporter.cuStreamWriteValue32_v2(free, flag, 1, 0));
        Cuda.Ok(exporter.cuCtxSynchronize());
        Cuda.Ok(importer.cuEventSynchronize(opened));

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, exporter.cuIpcGetEventHandle(&handle, plain));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, exporter.cuIpcOpenEventHandle(&opened, handle));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, importer.cuIpcOpenEventHandle(&opened, default));
    }

    [Theory]
    [InlineData(CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)]
    [InlineData(CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_FABRIC)]
    public void PhysicalMemory_IsMappedByBoth(CUmemAllocationHandleType type)
    {
        using var server = new MemoryServer();
        RemoteDriver exporter = server.Connect(), importer = server.Connect();
        ulong made = Create(exporter, type), opened;
        CUdeviceptr here = Map(exporter, made);
        byte* exported = stackalloc byte[64];
        Cuda.Ok(exporter.cuMemExportToShareableHandle(exported, made, type, 0));
        bool isFile = type == CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        using SafeFileHandle? file = isFile ? new SafeFileHandle(*(int*)exported, ownsHandle: true) : null;
        // The mapping keeps the memory, as it does on the exporter's own device.
        Cuda.Ok(exporter.cuMemRelease(made));

        Cuda.Ok(importer.cuMemImportFromShareableHandle(&opened, isFile ? (void*)file!.DangerousGetHandle() : exported, type));
        CUdeviceptr there = Map(importer, opened);

        exporter.Write(here, [5, 6]);
        Cuda.Ok(exporter.cuCtxSynchronize());
        Assert.Equal([5, 6], importer.Read(there, 2));
        exporter.Dispose();
        Assert.Equal([5, 6], importer.Read(there, 2));
        importer.Dispose();
        server.BecomesEmpty();
    }

    [Fact]
    public void ShareableHandles_ThatAreNone_AreRefused()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        const CUmemAllocationHandleType File = CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        ulong plain = Create(driver, CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_NONE), opened;
        int descriptor;
        using SafeFileHandle other = System.IO.File.OpenHandle("/dev/null");

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemExportToShareableHandle(&descriptor, plain, File, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemImportFromShareableHandle(&opened, (void*)other.DangerousGetHandle(), File));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemImportFromShareableHandle(&opened, (void*)-1, File));
        Assert.Equal(
            CUDA_ERROR_NOT_SUPPORTED,
            driver.cuMemImportFromShareableHandle(&opened, &opened, CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_WIN32));
    }

    private static CUipcMemHandle_v1 Export(RemoteDriver driver, CUdeviceptr memory)
    {
        CUipcMemHandle_v1 handle;
        Cuda.Ok(driver.cuIpcGetMemHandle(&handle, memory));
        return handle;
    }

    private static CUdeviceptr Open(RemoteDriver driver, CUipcMemHandle_v1 handle)
    {
        CUdeviceptr opened;
        Cuda.Ok(driver.cuIpcOpenMemHandle_v2(&opened, handle, 1));
        return opened;
    }

    private static ulong Create(RemoteDriver driver, CUmemAllocationHandleType type)
    {
        var properties = new CUmemAllocationProp_v1
        {
            type = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
            requestedHandleTypes = type,
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE },
        };
        ulong handle;
        Cuda.Ok(driver.cuMemCreate(&handle, Chunk, &properties, 0));
        return handle;
    }

    private static CUdeviceptr Map(RemoteDriver driver, ulong handle)
    {
        CUdeviceptr address;
        var access = new CUmemAccessDesc_v1
        {
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE },
            flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
        };
        Cuda.Ok(driver.cuMemAddressReserve(&address, Chunk, 0, default, 0));
        Cuda.Ok(driver.cuMemMap(address, Chunk, 0, handle, 0));
        Cuda.Ok(driver.cuMemSetAccess(address, Chunk, &access, 1));
        return address;
    }
}
