using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public sealed unsafe partial class SimulatedDriver
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

    /// <summary>The device has no clusters: the largest is a single block.</summary>
    public override CUresult cuOccupancyMaxPotentialClusterSize(int* clusterSize, CUfunction func, CUlaunchConfig* config)
    {
        if (EnterFunction(func, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return config == null ? CUDA_ERROR_INVALID_VALUE : Give(clusterSize, 1);
    }

    /// <summary>For clusters of one block, the only ones there are, the number of resident blocks.</summary>
    public override CUresult cuOccupancyMaxActiveClusters(int* numClusters, CUfunction func, CUlaunchConfig* config)
    {
        if (EnterFunction(func, out DriverFunction function) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (numClusters == null || config == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (ReadAttributes(*config, out bool cooperative) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        ulong threads = ShapeOf(*config, cooperative).ThreadsPerBlock;
        if (threads is 0 or > DeviceAttributes.MaxThreadsPerBlock)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *numClusters = DeviceAttributes.Multiprocessors
            * Occupancy.BlocksPerMultiprocessor(function.Traits, (int)threads, config->sharedMemBytes);
        return CUDA_SUCCESS;
    }

    private static bool AreOccupancyFlags(uint flags) => flags <= (uint)CUoccupancy_flags.CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE;
}
