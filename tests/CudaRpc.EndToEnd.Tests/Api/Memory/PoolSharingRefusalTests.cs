using CudaRpc.Client;
using CudaRpc.Driver;
using Microsoft.Win32.SafeHandles;
using static CudaRpc.Driver.CUmemAllocationHandleType;
using static CudaRpc.Driver.CUresult;
using static CudaRpc.EndToEnd.Tests.Api.Memory.SharedPools;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>What sharing memory pools refuses.</summary>
public sealed unsafe class PoolSharingRefusalTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ImportedPool_GivesNothing_AndIsNotExported(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter), imported = Import(importer, Export(exporter, pool));
        CUdeviceptr memory = Allocate(exporter, pool), address;
        CUdeviceptr opened = Import(importer, imported, Export(exporter, memory));
        CUmemPoolPtrExportData_v1 data;
        int descriptor;

        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemAllocFromPoolAsync(&address, Piece, imported, default));
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolExportPointer(&data, opened));
            Assert.Equal(
                CUDA_ERROR_INVALID_VALUE,
                importer.cuMemPoolExportToShareableHandle(&descriptor, imported, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
            if (round == 0)
            {
                Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuDeviceSetMemPool(0, imported));
            }

            // A client that takes the pool for its own is told so by the server.
            importer.Session.Handles.Add(imported.Value, new PoolInfo(0) { HandleTypes = shared ? CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR : 0 });
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ImportedTwice_IsAnotherAddressOrRefused(bool shared)
    {
        using var server = new MemoryServer(shared: shared);
        using RemoteDriver exporter = server.Connect(), importer = server.Connect();
        CUmemoryPool pool = Create(exporter), imported = Import(importer, Export(exporter, pool));
        CUmemPoolPtrExportData_v1 data = Export(exporter, Allocate(exporter, pool));
        CUdeviceptr first = Import(importer, imported, data), second = default;

        CUresult again = importer.cuMemPoolImportPointer(&second, imported, &data);

        Assert.Equal(shared ? CUDA_ERROR_ALREADY_MAPPED : CUDA_SUCCESS, again);
        Assert.NotEqual(first, second);
        importer.Write(first, [8]);
        Cuda.Ok(importer.cuMemFree_v2(first));
    }

    [Fact]
    public void BadInput_IsRefused()
    {
        using var server = new MemoryServer();
        using RemoteDriver driver = server.Connect(), importer = server.Connect();
        CUmemoryPool plain = Create(driver, CU_MEM_HANDLE_TYPE_NONE), pool = Create(driver), other = Create(driver), found;
        CUdeviceptr memory = Allocate(driver, pool), ofPlain = Allocate(driver, plain), ofOther = Allocate(driver, other), opened;
        CUmemPoolPtrExportData_v1 data = Export(driver, memory), foreign = data, garbage = default;
        foreign.reserved[12] ^= 1;
        int descriptor;
        using SafeFileHandle none = File.OpenHandle("/dev/null"), file = Export(driver, pool);
        CUmemoryPool imported = Import(importer, file);
        const CUmemAllocationHandleType Posix = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;

        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportToShareableHandle(&descriptor, plain, Posix, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportToShareableHandle(&descriptor, pool, CU_MEM_HANDLE_TYPE_FABRIC, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportToShareableHandle(&descriptor, pool, Posix, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportToShareableHandle(null, pool, Posix, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolImportFromShareableHandle(&found, (void*)none.DangerousGetHandle(), Posix, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolImportFromShareableHandle(&found, (void*)file.DangerousGetHandle(), Posix, 1));
        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE,
            importer.cuMemPoolImportFromShareableHandle(&found, (void*)file.DangerousGetHandle(), CU_MEM_HANDLE_TYPE_NONE, 0));
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, importer.cuMemPoolImportFromShareableHandle(&found, &found, CU_MEM_HANDLE_TYPE_WIN32, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportPointer(&data, ofPlain));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportPointer(&data, memory + 8ul));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportPointer(&data, driver.Allocate(64)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolExportPointer(null, memory));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, driver.cuMemPoolImportPointer(&opened, pool, &data));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolImportPointer(&opened, imported, &garbage));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolImportPointer(&opened, imported, &foreign));
        data = Export(driver, ofOther);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, importer.cuMemPoolImportPointer(&opened, imported, &data));
    }

    [Fact]
    public void HandlesOfAnotherServer_AreRefused()
    {
        using MemoryServer server = new(), elsewhere = new();
        using RemoteDriver exporter = elsewhere.Connect(), importer = server.Connect();
        using SafeFileHandle file = Export(exporter, Create(exporter));
        CUmemoryPool imported;

        Assert.Equal(
            CUDA_ERROR_INVALID_VALUE,
            importer.cuMemPoolImportFromShareableHandle(&imported, (void*)file.DangerousGetHandle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
    }
}
