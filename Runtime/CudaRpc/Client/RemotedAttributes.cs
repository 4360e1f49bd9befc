using CudaRpc.Driver;
using static CudaRpc.Driver.CUdevice_attribute;

namespace CudaRpc.Client;

/// <summary>
/// Attributes by which a device says it can do what this client cannot yet remote, or what cannot be between two machines. They read 0
/// whatever the server's device says: a program that asks before it uses them takes its other way.
/// </summary>
internal static class RemotedAttributes
{
    /// <summary>The value a program sees where the server's device answers <paramref name="value"/>.</summary>
    public static int Seen(CUdevice_attribute attribute, int value) => attribute switch
    {
        // Kernels would have to reach the program's memory while they run, or memory that the driver was not told of, or the program the device's.
        CU_DEVICE_ATTRIBUTE_HOST_NATIVE_ATOMIC_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS or
        CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS or
        CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES or
        CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST or
        CU_DEVICE_ATTRIBUTE_UNIFIED_FUNCTION_POINTERS or
        // A barrier of kernels on several devices, which CUDA has deprecated.
        CU_DEVICE_ATTRIBUTE_COOPERATIVE_MULTI_DEVICE_LAUNCH or
        // Descriptors and handles of one machine.
        CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_WIN32_HANDLE_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_WIN32_KMT_HANDLE_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_FABRIC_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_CUDA_VMM_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_TIMELINE_SEMAPHORE_INTEROP_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_IPC_EVENT_SUPPORTED or
        // Functions whose rule is unsupported.
        CU_DEVICE_ATTRIBUTE_HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_HOST_NUMA_MEMORY_POOLS_SUPPORTED or
        CU_DEVICE_ATTRIBUTE_DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED => 0,
        CU_DEVICE_ATTRIBUTE_MEMPOOL_SUPPORTED_HANDLE_TYPES => value & (int)CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
        _ => value,
    };
}
