using static CudaRpc.Driver.CUdevice_attribute;

namespace CudaRpc.Simulator;

/// <summary>
/// Every attribute of a simulated device: a small relative of compute capability 9.0, so that PTX for any target up to sm_90 may be loaded.
/// Limits are those of that architecture. A capability is 1 only where <see cref="SimulatedDriver"/> has it.
/// </summary>
internal static class DeviceAttributes
{
    public const int Architecture = 90;
    public const int DriverVersion = 13000;

    // Few multiprocessors: programs size their grids by them, and a host core executes far fewer threads than a multiprocessor does.
    public const int Multiprocessors = 16;
    public const int WarpSize = 32;
    public const int MaxThreadsPerBlock = 1024;
    public const int MaxBlockX = 1024, MaxBlockY = 1024, MaxBlockZ = 64;
    public const int MaxGridX = int.MaxValue, MaxGridY = 65535, MaxGridZ = 65535;
    public const int SharedPerBlock = 48 << 10, SharedPerBlockOptIn = 227 << 10;
    public const int SharedPerMultiprocessor = 228 << 10, SharedReserved = 1 << 10;
    public const int RegistersPerMultiprocessor = 64 << 10, MaxRegistersPerThread = 255;
    public const int ThreadsPerMultiprocessor = 2048, BlocksPerMultiprocessor = 32;
    public const int TextureAlignment = 512, MaxPitch = int.MaxValue, ConstantMemory = 64 << 10, ClockKilohertz = 1_000_000;
    public const int MaxLinearTexels = 1 << 28, MaxPlaneWidth = 131072, MaxPlaneHeight = 65000, MaxPlanePitch = 2097120, TexturePitchAlignment = 32;
    public const int FirstPciBus = 1;
    public const int PortableClusterSize = 8;
    public const int LeastPriority = 0, GreatestPriority = -5;

    /// <summary>The value of <paramref name="attribute"/>, or null for a number that CUDA 13.0 does not define.</summary>
    public static int? Get(CUdevice_attribute attribute, SimulatedDevice device) => attribute switch
    {
        // Architecture
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR => Architecture / 10,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR => Architecture % 10,
        CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT => Multiprocessors,
        CU_DEVICE_ATTRIBUTE_WARP_SIZE => WarpSize,
        CU_DEVICE_ATTRIBUTE_CLOCK_RATE => ClockKilohertz,
        CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE => 1_000_000,
        CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH => 512,
        CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE => 32 << 20,
        CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO => 2,
        CU_DEVICE_ATTRIBUTE_MEM_SYNC_DOMAIN_COUNT => 1,

        // Launches
        CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK => MaxThreadsPerBlock,
        CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X => MaxBlockX,
        CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y => MaxBlockY,
        CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z => MaxBlockZ,
        CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X => MaxGridX,
        CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y => MaxGridY,
        CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z => MaxGridZ,
        CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR => ThreadsPerMultiprocessor,
        CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR => BlocksPerMultiprocessor,
        CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK => RegistersPerMultiprocessor,
        CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR => RegistersPerMultiprocessor,
        CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK => SharedPerBlock,
        CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN => SharedPerBlockOptIn,
        CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR => SharedPerMultiprocessor,
        CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK => SharedReserved,
        CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH => 1,
        CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH => 1,

        // Memory
        CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY => ConstantMemory,
        CU_DEVICE_ATTRIBUTE_MAX_PITCH => MaxPitch,
        CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT => TextureAlignment,
        CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT => TexturePitchAlignment,
        CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT => 512,
        CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING => 1,
        CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED => 1,
        CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY => 1,
        CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM => 1,
        CU_DEVICE_ATTRIBUTE_HOST_NATIVE_ATOMIC_SUPPORTED => 1,
        CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY => 1,
        CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS => 1,
        CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST => 1,
        CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED => 1,
        CU_DEVICE_ATTRIBUTE_MEMPOOL_SUPPORTED_HANDLE_TYPES => (int)CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
        CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED => 1,
        CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_MEM_OPS_V1 => 1,
        CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS_V1 => 1,
        CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR_V1 => 1,
        CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS => 1,
        CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR => 1,
        CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED => 1,
        CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED => 1,

        // Concurrency
        CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS => 1,
        CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT => 2,
        CU_DEVICE_ATTRIBUTE_GPU_OVERLAP => 1,
        CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED => 1,
        CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED => 1,

        // Place in the machine. There is no NUMA node and no PCI device behind it: the id's vendor half stays 0.
        CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID => 0,
        CU_DEVICE_ATTRIBUTE_PCI_BUS_ID => FirstPciBus + device.Ordinal,
        CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID => 0,
        CU_DEVICE_ATTRIBUTE_MULTI_GPU_BOARD_GROUP_ID => device.Ordinal,
        CU_DEVICE_ATTRIBUTE_NUMA_ID => -1,
        CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID => -1,

        // Texture and surface limits of the architecture, which have no capability bit of their own.
        >= CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH and <= CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_MIPMAPPED_WIDTH
            when TextureLimit(attribute) is int limit => limit,

        // Everything else is a capability that the simulated device lacks.
        > 0 and < CU_DEVICE_ATTRIBUTE_MAX => 0,
        _ => null,
    };

    private static int? TextureLimit(CUdevice_attribute attribute) => attribute switch
    {
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH => 131072,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH => 131072,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT => 65536,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH => 16384,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT => 16384,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH => 16384,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH_ALTERNATE => 8192,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT_ALTERNATE => 8192,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH_ALTERNATE => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_LAYERS => 2048,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_HEIGHT => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_LAYERS => 2048,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_GATHER_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_GATHER_HEIGHT => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_LAYERS => 2046,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE1D_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_WIDTH => 131072,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_HEIGHT => 65536,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE3D_WIDTH => 16384,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE3D_HEIGHT => 16384,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE3D_DEPTH => 16384,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE1D_LAYERED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE1D_LAYERED_LAYERS => 2048,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_LAYERED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_LAYERED_HEIGHT => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_LAYERED_LAYERS => 2048,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACECUBEMAP_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACECUBEMAP_LAYERED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACECUBEMAP_LAYERED_LAYERS => 2046,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LINEAR_WIDTH => MaxLinearTexels,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_WIDTH => MaxPlaneWidth,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_HEIGHT => MaxPlaneHeight,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_PITCH => MaxPlanePitch,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_MIPMAPPED_WIDTH => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_MIPMAPPED_HEIGHT => 32768,
        CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_MIPMAPPED_WIDTH => 32768,
        _ => null,
    };
}
