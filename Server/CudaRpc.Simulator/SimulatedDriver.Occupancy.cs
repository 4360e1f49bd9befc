using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(
        int* numBlocks, CUfunction func, int blockSize, nuint dynamicSMemSize) =>
        cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(numBlocks, func, blockSize, dynamicSMemSize, 0);

    /// <inheritdoc/>
    public override CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        int* numBlocks, CUfunction func, int blockSize, nuint dynamicSMemSize, uint flags)
    {
        if (EnterFunction(func, out DriverFunction function) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (numBlocks == null || blockSize <= 0 || !AreOccupancyFlags(flags))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *numBlocks = Occupancy.BlocksPerMultiprocessor(function.Traits, blockSize, dynamicSMemSize);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuOccupancyAvailableDynamicSMemPerBlock(nuint* dynamicSmemSize, CUfunction func, int numBlocks, int blockSize)
    {
        if (EnterFunction(func, out DriverFunction function) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dynamicSmemSize == null || numBlocks <= 0 || blockSize <= 0
            || Occupancy.BlocksPerMultiprocessor(function.Traits, blockSize, 0) < numBlocks)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *dynamicSmemSize = Occupancy.DynamicShared(function.Traits, numBlocks);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuOccupancyMaxPotentialBlockSize(
        int* minGridSize, int* blockSize, CUfunction func, delegate* unmanaged[Cdecl]<int, nuint> blockSizeToDynamicSMemSize,
        nuint dynamicSMemSize, int blockSizeLimit) =>
        cuOccupancyMaxPotentialBlockSizeWithFlags(
            minGridSize, blockSize, func, blockSizeToDynamicSMemSize, dynamicSMemSize, blockSizeLimit, 0);

    /// <summary>The block size that keeps most threads resident; of several, the largest.</summary>
    public override CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(
        int* minGridSize, int* blockSize, CUfunction func, delegate* unmanaged[Cdecl]<int, nuint> blockSizeToDynamicSMemSize,
        nuint dynamicSMemSize, int blockSizeLimit, uint flags)
    {
        if (EnterFunction(func, out DriverFunction function) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (minGridSize == null || blockSize == null || blockSizeLimit < 0 || !AreOccupancyFlags(flags))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        int largest = blockSizeLimit == 0 ? function.Traits.MaxThreads : Math.Min(blockSizeLimit, function.Traits.MaxThreads);
        (int best, int bestBlocks) = (0, 0);
        // Whole warps from the largest size down; a limit that is no multiple of a warp is tried as it is.
        for (int size = largest; size > 0; size = (size - 1) / DeviceAttributes.WarpSize * DeviceAttributes.WarpSize)
        {
            nuint shared = blockSizeToDynamicSMemSize == null ? dynamicSMemSize : blockSizeToDynamicSMemSize(size);
            int blocks = Occupancy.BlocksPerMultiprocessor(function.Traits, size, shared);
            if (blocks * size > bestBlocks * best)
            {
                (best, bestBlocks) = (size, blocks);
            }
        }
        *blockSize = best;
        *minGridSize = bestBlocks * DeviceAttributes.Multiprocessors;
        return CUDA_SUCCESS;
    }

    /// <summary>The largest cluster that the device can hold of blocks like these.</summary>
    public override CUresult cuOccupancyMaxPotentialClusterSize(int* clusterSize, CUfunction func, CUlaunchConfig* config)
    {
        if (Measure(func, config, clusterSize, out DriverFunction function, out int resident, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        *clusterSize = Math.Min(resident, function.Settings.LargestCluster);
        return CUDA_SUCCESS;
    }

    /// <summary>Clusters of the size that the configuration, or else the kernel, asks for; their blocks may be on any multiprocessor.</summary>
    public override CUresult cuOccupancyMaxActiveClusters(int* numClusters, CUfunction func, CUlaunchConfig* config)
    {
        if (Measure(func, config, numClusters, out _, out int resident, out uint clusterSize) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        *numClusters = resident / (int)clusterSize;
        return CUDA_SUCCESS;
    }

    private CUresult Measure(
        CUfunction func, CUlaunchConfig* config, int* answer, out DriverFunction function, out int resident, out uint clusterSize)
    {
        (resident, clusterSize) = (0, 1);
        if (EnterFunction(func, out function) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (answer == null || config == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (ReadAttributes(*config, out LaunchOptions options) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        LaunchShape shape = ShapeOf(*config, options);
        if (shape.ThreadsPerBlock is 0 or > DeviceAttributes.MaxThreadsPerBlock)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        // The grid of a question may be anything.
        shape = shape with { GridX = shape.ClusterExtent.X, GridY = shape.ClusterExtent.Y, GridZ = shape.ClusterExtent.Z };
        bool isGiven = shape.Cluster != default;
        if (isGiven && CheckClusters(function, ref shape) is not CUDA_SUCCESS and var misshapen)
        {
            return misshapen;
        }
        clusterSize = isGiven || function.Settings.RequiredCluster == default
            ? shape.ClusterSize
            : (shape with { Cluster = function.Settings.RequiredCluster }).ClusterSize;
        resident = DeviceAttributes.Multiprocessors
            * Occupancy.BlocksPerMultiprocessor(function.Traits, (int)shape.ThreadsPerBlock, shape.DynamicSharedBytes);
        return CUDA_SUCCESS;
    }

    private static bool AreOccupancyFlags(uint flags) => flags <= (uint)CUoccupancy_flags.CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE;
}
