using CudaRpc.Client;
using CudaRpc.Driver;
using Microsoft.Win32.SafeHandles;
using static CudaRpc.Driver.CUmemAllocationHandleType;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Pools that can be exported, and the steps by which they and their memory get from one session to another.</summary>
internal static unsafe class SharedPools
{
    public const nuint Piece = 1 << 20;

    public static CUmemoryPool Create(RemoteDriver driver, CUmemAllocationHandleType type = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
    {
        var properties = new CUmemPoolProps_v1
        {
            allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED,
            handleTypes = type,
            location = new CUmemLocation_v1 { type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE },
        };
        CUmemoryPool pool;
        Cuda.Ok(driver.cuMemPoolCreate(&pool, &properties));
        return pool;
    }

    public static CUdeviceptr Allocate(RemoteDriver driver, CUmemoryPool pool)
    {
        CUdeviceptr address;
        Cuda.Ok(driver.cuMemAllocFromPoolAsync(&address, Piece, pool, default));
        return address;
    }

    public static SafeFileHandle Export(RemoteDriver driver, CUmemoryPool pool)
    {
        int file;
        Cuda.Ok(driver.cuMemPoolExportToShareableHandle(&file, pool, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        return new SafeFileHandle(file, ownsHandle: true);
    }

    public static CUmemPoolPtrExportData_v1 Export(RemoteDriver driver, CUdeviceptr memory)
    {
        CUmemPoolPtrExportData_v1 data;
        Cuda.Ok(driver.cuMemPoolExportPointer(&data, memory));
        return data;
    }

    public static CUmemoryPool Import(RemoteDriver driver, SafeFileHandle file)
    {
        CUmemoryPool pool;
        Cuda.Ok(driver.cuMemPoolImportFromShareableHandle(&pool, (void*)file.DangerousGetHandle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        return pool;
    }

    public static CUdeviceptr Import(RemoteDriver driver, CUmemoryPool pool, CUmemPoolPtrExportData_v1 data)
    {
        CUdeviceptr address;
        Cuda.Ok(driver.cuMemPoolImportPointer(&address, pool, &data));
        return address;
    }
}
