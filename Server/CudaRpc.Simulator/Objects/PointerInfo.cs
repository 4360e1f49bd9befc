using static CudaRpc.Driver.CUpointer_attribute;

namespace CudaRpc.Simulator.Objects;

/// <summary>What is known of an address, as <c>cuPointerGetAttributes</c> tells it. The default value: nobody knows it.</summary>
internal readonly struct PointerInfo
{
    // What the real driver answers for an address without a device.
    private const int NoDevice = -2;

    public DriverContext? Context { get; init; }

    /// <summary>Where device memory is.</summary>
    public SimulatedDevice? Device { get; init; }

    public CUmemorytype MemoryType { get; init; }

    /// <summary>Whether the program reaches it at the same address.</summary>
    public bool IsOnHost { get; init; }

    public bool IsManaged { get; init; }

    public ulong Address { get; init; }

    public ulong Start { get; init; }

    public ulong Size { get; init; }

    /// <summary>The piece of the range that was mapped at once.</summary>
    public ulong MappingStart { get; init; }

    public ulong MappingSize { get; init; }

    public CUmemAllocationHandleType HandleTypes { get; init; }

    public MemoryAccess Access { get; init; }

    public bool IsSynchronous { get; init; }

    public ulong Id { get; init; }

    public nint Pool { get; init; }

    public bool IsKnown => MemoryType != 0;

    /// <summary>Writes one attribute in its own size.</summary>
    public unsafe CUresult Write(CUpointer_attribute attribute, void* data)
    {
        bool isDevice = MemoryType == CUmemorytype.CU_MEMORYTYPE_DEVICE;
        switch (attribute)
        {
            case CU_POINTER_ATTRIBUTE_CONTEXT:
                *(CUcontext*)data = new CUcontext(Context?.Handle ?? 0);
                break;
            case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
                *(CUmemorytype*)data = MemoryType;
                break;
            case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
                *(ulong*)data = Address;
                break;
            case CU_POINTER_ATTRIBUTE_HOST_POINTER when IsOnHost || !IsKnown:
                *(ulong*)data = Address;
                break;
            case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
                *(int*)data = (Device ?? Context?.Device)?.Ordinal ?? NoDevice;
                break;
            case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
                *(ulong*)data = Start;
                break;
            case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
                *(ulong*)data = Size;
                break;
            case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
                *(ulong*)data = MappingStart;
                break;
            case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
                *(ulong*)data = MappingSize;
                break;
            case CU_POINTER_ATTRIBUTE_BUFFER_ID or CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
                *(ulong*)data = Id;
                break;
            case CU_POINTER_ATTRIBUTE_MAPPED:
                *(uint*)data = isDevice ? 1u : 0u;
                break;
            case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
                *(uint*)data = (uint)Access;
                break;
            case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
                *(CUmemoryPool*)data = new CUmemoryPool(Pool);
                break;
            case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
                *(ulong*)data = (ulong)HandleTypes;
                break;
            case CU_POINTER_ATTRIBUTE_IS_MANAGED:
                *(uint*)data = IsManaged ? 1u : 0u;
                break;
            case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
                *(uint*)data = IsSynchronous ? 1u : 0u;
                break;
            case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE
                or CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE or CU_POINTER_ATTRIBUTE_IS_HW_DECOMPRESS_CAPABLE:
                *(uint*)data = 0;
                break;
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
        return CUDA_SUCCESS;
    }
}
