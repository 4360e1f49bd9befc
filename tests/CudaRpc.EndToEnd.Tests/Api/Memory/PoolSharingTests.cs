using CudaRpc.Client;
using CudaRpc.Driver;
using Microsoft.Win32.SafeHandles;
using static CudaRpc.Driver.CUmemAllocationHandleType;
using static CudaRpc.Driver.CUmemPool_attribute;
using static CudaRpc.Driver.CUresult;
using static CudaRpc.EndToEnd.Tests.Api.Memory.SharedPools;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Memory pools that one client of a server shows to another, with a driver for each session and with one that sessions share.</summary>
public sealed unsafe class PoolSharingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_OfAnImportedPool_IsTheExporters(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter), imported = Import(importer, Export(exporter, pool)), found;
        CUdeviceptr memory = Allocate(exporter, pool), start;
        nuint size;
        exporter.Write(memory, [1, 2, 3]);

        CUdeviceptr opened = Import(importer, imported, Export(exporter, memory));

        Assert.Equal([1, 2, 3], importer.Read(opened, 3));
        importer.Write(opened + 8ul, [9]);
        Cuda.Ok(importer.cuCtxSynchronize());
        Assert.Equal([9], exporter.Read(memory + 8ul, 1));
        Cuda.Ok(importer.cuMemGetAddressRange_v2(&start, &size, opened + 3ul));
        Assert.Equal((opened, Piece), (start, size));
        Cuda.Ok(importer.cuPointerGetAttribute(&found, CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, opened));
        Assert.Equal(imported, found);
        Cuda.Ok(importer.cuMemFreeAsync(opened, default));
        Cuda.Ok(importer.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemFreeAsync(opened, default));
        Assert.Equal([1, 2, 3], exporter.Read(memory, 3));
        Cuda.Ok(exporter.cuMemFreeAsync(memory, default));
        Cuda.Ok(exporter.cuCtxSynchronize());
        Assert.Equal(0ul, server.Used());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_FreedByItsExporterFirst_LivesUntilTheImporterFreesIt(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect(), late = server.Connect();
        CUmemoryPool pool = Create(exporter);
        CUdeviceptr memory = Allocate(exporter, pool), again;
        exporter.Write(memory, [7]);
        CUmemPoolPtrExportData_v1 data = Export(exporter, memory);
        using SafeFileHandle file = Export(exporter, pool);
        CUdeviceptr opened = Import(importer, Import(importer, file), data);
        CUmemoryPool other = Import(late, file);

        Cuda.Ok(exporter.cuMemFree_v2(memory));
        Cuda.Ok(exporter.cuCtxSynchronize());

        Assert.Equal([7], importer.Read(opened, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, late.cuMemPoolImportPointer(&again, other, &data));
        Cuda.Ok(importer.cuMemFree_v2(opened));
        Cuda.Ok(importer.cuCtxSynchronize());
        Cuda.Ok(exporter.cuMemPoolTrimTo(pool, 0));
        Cuda.Ok(exporter.cuCtxSynchronize());
        Assert.Equal(0ul, server.Used());
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    public void Sessions_ThatEnd_LeaveNothing(bool shared, int first)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver[] sessions = [server.Connect(), server.Connect(), server.Connect()];
        CUmemoryPool pool = Create(sessions[0]);
        CUdeviceptr memory = Allocate(sessions[0], pool);
        sessions[0].Write(memory, [4]);
        using SafeFileHandle file = Export(sessions[0], pool);
        CUmemPoolPtrExportData_v1 data = Export(sessions[0], memory);
        CUdeviceptr one = Import(sessions[1], Import(sessions[1], file), data), two = Import(sessions[2], Import(sessions[2], file), data);

        sessions[first].Dispose();
        Assert.Equal([4], sessions[2].Read(two, 1));
        Assert.Equal([4], first == 0 ? sessions[1].Read(one, 1) : sessions[0].Read(memory, 1));
        sessions[1 - first].Dispose();
        Assert.Equal([4], sessions[2].Read(two, 1));
        sessions[2].Dispose();

        server.BecomesEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pool_DestroyedByItsExporter_StaysWithThoseWhoHaveIt(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter), again;
        CUdeviceptr memory = Allocate(exporter, pool);
        CUmemPoolPtrExportData_v1 data = Export(exporter, memory);
        using SafeFileHandle file = Export(exporter, pool);
        CUmemoryPool imported = Import(importer, file);

        Cuda.Ok(exporter.cuMemPoolDestroy(pool));
        Cuda.Ok(exporter.cuCtxSynchronize());

        CUdeviceptr opened = Import(importer, imported, data);
        exporter.Write(memory, [6]);
        Cuda.Ok(exporter.cuCtxSynchronize());
        Assert.Equal([6], importer.Read(opened, 1));
        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE,
            importer.cuMemPoolImportFromShareableHandle(&again, (void*)file.DangerousGetHandle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        Cuda.Ok(importer.cuMemPoolDestroy(imported));
        Assert.Equal([6], importer.Read(opened, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolDestroy(imported));
        exporter.Dispose();
        importer.Dispose();
        server.BecomesEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pool_ImportedByItsOwnSession_ShowsItsMemory(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        RemoteDriver driver = server.Connect();
        CUmemoryPool pool = Create(driver), imported = Import(driver, Export(driver, pool));
        CUdeviceptr memory = Allocate(driver, pool), opened = Import(driver, imported, Export(driver, memory));
        driver.Write(memory, [5]);

        Assert.Equal([5], driver.Read(opened, 1));
        Cuda.Ok(driver.cuMemFree_v2(opened));
        Assert.Equal([5], driver.Read(memory, 1));
        driver.Dispose();
        server.BecomesEmpty();
    }

    [Fact]
    public void FabricHandle_IsTheTokenItself()
    {
        using var server = new MemoryServer();
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter, CU_MEM_HANDLE_TYPE_FABRIC), imported;
        CUdeviceptr memory = Allocate(exporter, pool);
        exporter.Write(memory, [3]);
        byte* handle = stackalloc byte[64];

        Cuda.Ok(exporter.cuMemPoolExportToShareableHandle(handle, pool, CU_MEM_HANDLE_TYPE_FABRIC, 0));
        Cuda.Ok(importer.cuMemPoolImportFromShareableHandle(&imported, handle, CU_MEM_HANDLE_TYPE_FABRIC, 0));

        Assert.Equal([3], importer.Read(Import(importer, imported, Export(exporter, memory)), 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatImporterSetsAndTrims_IsNotTheExporters(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter), imported = Import(importer, Export(exporter, pool));
        ulong kept = ulong.MaxValue, other = 4096, threshold, reserved;
        Cuda.Ok(exporter.cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &kept));
        Cuda.Ok(exporter.cuMemFreeAsync(Allocate(exporter, pool), default));
        Cuda.Ok(exporter.cuCtxSynchronize());

        Cuda.Ok(importer.cuMemPoolSetAttribute(imported, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &other));
        Cuda.Ok(importer.cuMemPoolTrimTo(imported, 0));
        Cuda.Ok(importer.cuCtxSynchronize());

        Cuda.Ok(exporter.cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
        Cuda.Ok(exporter.cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, &reserved));
        Assert.Equal((kept, (ulong)Piece), (threshold, reserved));
    }

    [Fact]
    public void Access_ToAnImportedPool_IsItsOwn()
    {
        using var server = new MemoryServer(devices: 2);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect(1);
        CUmemoryPool pool = Create(exporter), imported = Import(importer, Export(exporter, pool));
        CUdeviceptr memory = Allocate(exporter, pool);
        exporter.Write(memory, [2]);
        CUdeviceptr opened = Import(importer, imported, Export(exporter, memory));
        var there = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, id = 1 };
        var access = new CUmemAccessDesc_v1 { location = there, flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE };
        CUmemAccess_flags exported;

        Cuda.Ok(importer.cuMemPoolSetAccess(imported, &access, 1));

        Assert.Equal([2], importer.Read(opened, 1));
        Cuda.Ok(exporter.cuMemPoolGetAccess(&exported, pool, &there));
        Assert.Equal(CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE, exported);
    }

    [Fact]
    public void AllowedHandleTypes_AreThePoolsOfWhatItAllocated()
    {
        using var server = new MemoryServer();
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter), imported = Import(importer, Export(exporter, pool));
        CUdeviceptr memory = Allocate(exporter, pool), opened = Import(importer, imported, Export(exporter, memory));
        ulong own, others;

        Cuda.Ok(exporter.cuPointerGetAttribute(&own, CUpointer_attribute.CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES, memory));
        Cuda.Ok(importer.cuPointerGetAttribute(&others, CUpointer_attribute.CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES, opened));

        Assert.Equal(((ulong)CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0ul), (own, others));
    }

    [Fact]
    public void SupportedHandleTypes_AreFileDescriptors()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect();
        int types;

        Cuda.Ok(driver.cuDeviceGetAttribute(&types, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMPOOL_SUPPORTED_HANDLE_TYPES, 0));

        Assert.Equal((int)CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, types);
    }
}
