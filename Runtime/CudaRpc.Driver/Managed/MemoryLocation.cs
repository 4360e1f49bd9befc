namespace CudaRpc.Driver.Managed;

/// <summary>A <c>CUmemLocation</c> as a value that can be compared.</summary>
internal readonly record struct MemoryLocation(CUmemLocationType Type, int Id)
{
    /// <summary>The old functions' number of the CPU.</summary>
    public const int Cpu = -1;

    /// <summary>The old functions' number of no device: the pages differ, or nothing was said.</summary>
    public const int Nowhere = -2;

    public static MemoryLocation Host => new(CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST, 0);

    /// <summary>The location as the old functions number it.</summary>
    public int Device => Type switch
    {
        CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE => Id,
        CUmemLocationType.CU_MEM_LOCATION_TYPE_NONE => Nowhere,
        _ => Cpu,
    };

    /// <summary>What the old functions mean by a device's number.</summary>
    public static MemoryLocation Of(int device) =>
        device == Cpu ? Host : new MemoryLocation(CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE, device);

    public static MemoryLocation Of(in CUmemLocation_v1 location) => location.type is CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST
        ? Host
        : new MemoryLocation(location.type, location.id);

    /// <summary>Whether memory can be there, on a machine with so many devices.</summary>
    public CUresult Check(int devices) => Type switch
    {
        CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE => Id >= 0 && Id < devices ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_DEVICE,
        CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST or CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT => CUresult.CUDA_SUCCESS,
        CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA => Id >= 0 ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE,
        _ => CUresult.CUDA_ERROR_INVALID_VALUE,
    };
}
