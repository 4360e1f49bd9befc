using Microsoft.Win32.SafeHandles;
using static CudaRpc.Driver.CUmemAllocationHandleType;
using static CudaRpc.Driver.CUmemPool_attribute;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Memory pools that drivers on one GPU show each other.</summary>
public sealed unsafe class PoolSharingTests
{
    private const nuint Piece = 1 << 20;

    [Fact]
    public void Pool_OfAnotherDriver_ShowsItsMemory()
    {
        using var bench = new Bench();
        using var other = new SimulatedDriver(bench.Gpu);
        Bench.Must(other.cuInit(0));
        CUmemoryPool pool = Create(bench.Driver), imported = Import(other, bench.Driver, pool);
        CUdeviceptr memory = Allocate(bench.Driver, pool), opened = Import(other, imported, bench.Driver, memory);
        CUcontext context;
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));
        int value = 5, read;
        bench.Write(memory, value);

        Bench.Must(other.cuMemcpyDtoH_v2(&read, opened, sizeof(int)));

        Assert.Equal(value, read);
        Assert.NotEqual(memory, opened);
    }

    [Fact]
    public void ImportedPool_CountsWhatIsImported_AndKeepsNothing()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench.Driver), imported = Import(bench.Driver, bench.Driver, pool);
        CUdeviceptr memory = Allocate(bench.Driver, pool), opened = Import(bench.Driver, imported, bench.Driver, memory);
        ulong threshold = ulong.MaxValue;
        Bench.Must(bench.Driver.cuMemPoolSetAttribute(imported, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));

        Assert.Equal(((ulong)Piece, (ulong)Piece), (Used(bench, imported), bench.Used));
        Bench.Must(bench.Driver.cuMemFree_v2(opened));
        Assert.Equal((0ul, (ulong)Piece), (Used(bench, imported), bench.Used));
        Bench.Must(bench.Driver.cuMemFree_v2(memory));
        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void Memory_FreedByItsExporter_LivesUntilItIsFreedHere()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench.Driver), imported = Import(bench.Driver, bench.Driver, pool);
        CUdeviceptr memory = Allocate(bench.Driver, pool), opened = Import(bench.Driver, imported, bench.Driver, memory);
        bench.Write(memory, 7);

        Bench.Must(bench.Driver.cuMemFree_v2(memory));
        Bench.Must(bench.Driver.cuMemPoolDestroy(pool));

        Assert.Equal(7, bench.Read<int>(opened));
        Bench.Must(bench.Driver.cuMemFreeAsync(opened, default));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Assert.Equal(0ul, bench.Used);
    }

    [Fact]
    public void ImportedPool_GivesNothing_AndIsNotExported()
    {
        using var bench = new Bench();
        CUmemoryPool pool = Create(bench.Driver), imported = Import(bench.Driver, bench.Driver, pool);
        CUdeviceptr opened = Import(bench.Driver, imported, bench.Driver, Allocate(bench.Driver, pool)), address;
        CUmemPoolPtrExportData_v1 data;
        int file;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemAllocFromPoolAsync(&address, Piece, imported, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceSetMemPool(0, imported));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolExportPointer(&data, opened));
        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE,
            bench.Driver.cuMemPoolExportToShareableHandle(&file, imported, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
    }

    [Fact]
    public void WhatIsOfAnotherGpu_OrGone_IsRefused()
    {
        using Bench bench = new(), elsewhere = new();
        CUmemoryPool pool = Create(bench.Driver), imported = Import(bench.Driver, bench.Driver, pool), found;
        CUmemoryPool foreign = Create(elsewhere.Driver);
        CUdeviceptr memory = Allocate(bench.Driver, pool), opened;
        CUmemPoolPtrExportData_v1 here, there;
        Bench.Must(bench.Driver.cuMemPoolExportPointer(&here, memory));
        Bench.Must(elsewhere.Driver.cuMemPoolExportPointer(&there, Allocate(elsewhere.Driver, foreign)));
        using SafeFileHandle file = Export(elsewhere.Driver, foreign), gone = Export(bench.Driver, pool);
        Bench.Must(bench.Driver.cuMemFree_v2(memory));
        Bench.Must(bench.Driver.cuMemPoolDestroy(pool));
        const CUmemAllocationHandleType Posix = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolImportFromShareableHandle(&found, (void*)file.DangerousGetHandle(), Posix, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolImportFromShareableHandle(&found, (void*)gone.DangerousGetHandle(), Posix, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolImportPointer(&opened, imported, &there));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuMemPoolImportPointer(&opened, imported, &here));
    }

    private static CUmemoryPool Create(SimulatedDriver driver)
    {
        var properties = new CUmemPoolProps_v1
        {
            allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
            handleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE },
        };
        CUmemoryPool pool;
        Bench.Must(driver.cuMemPoolCreate(&pool, &properties));
        return pool;
    }

    private static CUdeviceptr Allocate(SimulatedDriver driver, CUmemoryPool pool)
    {
        CUdeviceptr address;
        Bench.Must(driver.cuMemAllocFromPoolAsync(&address, Piece, pool, default));
        return address;
    }

    private static SafeFileHandle Export(SimulatedDriver driver, CUmemoryPool pool)
    {
        int file;
        Bench.Must(driver.cuMemPoolExportToShareableHandle(&file, pool, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        return new SafeFileHandle(file, ownsHandle: true);
    }

    private static CUmemoryPool Import(SimulatedDriver importer, SimulatedDriver exporter, CUmemoryPool pool)
    {
        CUmemoryPool imported;
        using SafeFileHandle file = Export(exporter, pool);
        Bench.Must(importer.cuMemPoolImportFromShareableHandle(
            &imported, (void*)file.DangerousGetHandle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        return imported;
    }

    private static CUdeviceptr Import(SimulatedDriver importer, CUmemoryPool pool, SimulatedDriver exporter, CUdeviceptr memory)
    {
        CUmemPoolPtrExportData_v1 data;
        CUdeviceptr imported;
        Bench.Must(exporter.cuMemPoolExportPointer(&data, memory));
        Bench.Must(importer.cuMemPoolImportPointer(&imported, pool, &data));
        return imported;
    }

    private static ulong Used(Bench bench, CUmemoryPool pool)
    {
        ulong value;
        Bench.Must(bench.Driver.cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &value));
        return value;
    }
}
