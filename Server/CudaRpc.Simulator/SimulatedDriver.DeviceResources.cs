using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const CUdevSmResourceSplit_flags SplitFlags =
        CUdevSmResourceSplit_flags.CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING
        | CUdevSmResourceSplit_flags.CU_DEV_SM_RESOURCE_SPLIT_MAX_POTENTIAL_CLUSTER_SIZE;

    /// <inheritdoc/>
    public override CUresult cuDeviceGetDevResource(int device, CUdevResource_v1* resource, CUdevResourceType type) =>
        EnterDevice(device, out _) is not CUDA_SUCCESS and var error ? error : GiveResource(SmPartition.Whole(device), resource, type);

    /// <inheritdoc/>
    public override CUresult cuCtxGetDevResource(CUcontext hCtx, CUdevResource_v1* resource, CUdevResourceType type)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!IsContext(hCtx.Value))
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (FindContext(hCtx.Value, out DriverContext context) is not CUDA_SUCCESS and var gone)
        {
            return gone;
        }
        return GiveResource(GreenOf(hCtx)?.Partition ?? SmPartition.Whole(context.Device.Ordinal), resource, type);
    }

    /// <inheritdoc/>
    public override CUresult cuGreenCtxGetDevResource(CUgreenCtx hCtx, CUdevResource_v1* resource, CUdevResourceType type) =>
        Find(hCtx.Value, out DriverGreenContext green) is not CUDA_SUCCESS and var error
            ? error
            : GiveResource(green.Partition, resource, type);

    /// <summary>
    /// Groups of at least <paramref name="minCount"/> multiprocessors in whole units, as many as there is room for and
    /// <paramref name="nbGroups"/> asks for. Without <paramref name="result"/> it says how many there would be.
    /// </summary>
    public override CUresult cuDevSmResourceSplitByCount(
        CUdevResource_v1* result, uint* nbGroups, CUdevResource_v1* input, CUdevResource_v1* remaining, uint useFlags, uint minCount)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        var flags = (CUdevSmResourceSplit_flags)useFlags;
        if (nbGroups == null || input == null || (flags & ~SplitFlags) != 0 || (result != null && *nbGroups == 0))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (input->type != CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM)
        {
            return CUDA_ERROR_INVALID_RESOURCE_TYPE;
        }
        if (!TryRead(input, out SmPartition left))
        {
            return CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION;
        }
        uint size = SmPartition.GroupSize(minCount, flags), most = left.Count / size;
        if (most == 0)
        {
            return CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION;
        }
        if (result == null)
        {
            *nbGroups = most;
            return CUDA_SUCCESS;
        }
        *nbGroups = Math.Min(*nbGroups, most);
        for (uint i = 0; i < *nbGroups; i++)
        {
            // SAFETY: the program promises as many elements as it asks for groups.
            result[i] = left.Take(size, out left).Describe();
        }
        if (remaining != null)
        {
            *remaining = left.Describe();
        }
        return CUDA_SUCCESS;
    }

    /// <summary>Of several partitions, which must be of one device and have nothing in common, the descriptor has all.</summary>
    public override CUresult cuDevResourceGenerateDesc(CUdevResourceDesc* phDesc, CUdevResource_v1* resources, uint nbResources)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phDesc == null || resources == null || nbResources == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        SmPartition all = default;
        for (uint i = 0; i < nbResources; i++)
        {
            if (resources[i].type != CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM)
            {
                return CUDA_ERROR_INVALID_RESOURCE_TYPE;
            }
            if (!TryRead(&resources[i], out SmPartition one) || (i > 0 && (one.Device != all.Device || (one.Bits & all.Bits) != 0)))
            {
                return CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION;
            }
            all = one with { Bits = one.Bits | all.Bits };
        }
        nint handle = _handles.Add(new ResourceDescriptor(all));
        if (handle == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        *phDesc = new CUdevResourceDesc(handle);
        return CUDA_SUCCESS;
    }

    private bool TryRead(CUdevResource_v1* resource, out SmPartition partition) =>
        SmPartition.TryRead(resource, out partition) && partition.Device >= 0 && partition.Device < _gpu.Devices.Count
        && (partition.Bits & ~SmPartition.Whole(partition.Device).Bits) == 0;

    private static CUresult GiveResource(SmPartition partition, CUdevResource_v1* resource, CUdevResourceType type) =>
        resource == null ? CUDA_ERROR_INVALID_VALUE
        : type != CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM ? CUDA_ERROR_INVALID_RESOURCE_TYPE
        : Give(resource, partition.Describe());
}
