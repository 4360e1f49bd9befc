using CudaRpc.Simulator.Ptx;
using static CudaRpc.Driver.CUfunction_attribute;

namespace CudaRpc.Simulator.Objects;

/// <summary>The attributes of a function on one device: what the code decides, and what the program may set.</summary>
internal sealed class FunctionSettings(KernelTraits traits, int targetArchitecture)
{
    private volatile int _maxDynamicShared = traits.DefaultDynamicShared;
    private volatile int _carveout = (int)CUshared_carveout.CU_SHAREDMEM_CARVEOUT_DEFAULT;
    private volatile int _clusterPolicy;
    private volatile int _nonPortable;
    private volatile int _width = (int)traits.RequiredCluster.X;
    private volatile int _height = (int)traits.RequiredCluster.Y;
    private volatile int _depth = (int)traits.RequiredCluster.Z;

    /// <summary>Blocks of a cluster that the kernel needs, or default.</summary>
    public Dim3 RequiredCluster =>
        _width == 0 && _height == 0 && _depth == 0
            ? default
            : new Dim3((uint)Math.Max(_width, 1), (uint)Math.Max(_height, 1), (uint)Math.Max(_depth, 1));

    /// <summary>Most blocks of a cluster.</summary>
    public int LargestCluster => _nonPortable != 0 ? KernelLauncher.MaximumClusterSize : DeviceAttributes.PortableClusterSize;

    public int MaxDynamicShared => _maxDynamicShared;

    public CUresult Get(CUfunction_attribute attribute, out int value)
    {
        int? found = attribute switch
        {
            CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK => traits.MaxThreads,
            CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES => traits.SharedBytes,
            CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES => traits.LocalBytes,
            CU_FUNC_ATTRIBUTE_NUM_REGS => traits.Registers,
            CU_FUNC_ATTRIBUTE_PTX_VERSION => targetArchitecture,
            CU_FUNC_ATTRIBUTE_BINARY_VERSION => DeviceAttributes.Architecture,
            CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES => _maxDynamicShared,
            CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT => _carveout,
            CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE => _clusterPolicy,
            CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET => traits.ClusterIsRequired ? 1 : 0,
            CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH => _width,
            CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT => _height,
            CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH => _depth,
            CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED => _nonPortable,
            // No constants of its own, no cached globals.
            >= 0 and < CU_FUNC_ATTRIBUTE_MAX => 0,
            _ => null,
        };
        value = found ?? 0;
        return found is null ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    }

    public CUresult Set(CUfunction_attribute attribute, int value)
    {
        switch (attribute)
        {
            case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES when value >= 0 && value <= traits.LargestDynamicShared:
                _maxDynamicShared = value;
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT when value is >= -1 and <= 100:
                _carveout = value;
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE
                when value is >= 0 and <= (int)CUclusterSchedulingPolicy.CU_CLUSTER_SCHEDULING_POLICY_LOAD_BALANCING:
                _clusterPolicy = value;
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED when value is 0 or 1:
                _nonPortable = value;
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH or CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT
                or CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH when traits.RequiredCluster != default:
                return CUDA_ERROR_NOT_PERMITTED;
            case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH when value is >= 0 and <= KernelLauncher.MaximumClusterSize:
                _width = value;
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT when value is >= 0 and <= KernelLauncher.MaximumClusterSize:
                _height = value;
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH when value is >= 0 and <= KernelLauncher.MaximumClusterSize:
                _depth = value;
                return CUDA_SUCCESS;
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }
}
