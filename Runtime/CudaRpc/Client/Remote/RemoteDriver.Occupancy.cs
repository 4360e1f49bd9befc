using CudaRpc.Driver;

namespace CudaRpc.Client;

// The callback that says how much shared memory a block of some size needs is the program's, so the search runs here. Each step asks
// the server for the occupancy of one block size.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuOccupancyMaxPotentialBlockSize(
        int* minGridSize, int* blockSize, CUfunction func, delegate* unmanaged[Cdecl]<int, nuint> blockSizeToDynamicSMemSize,
        nuint dynamicSMemSize, int blockSizeLimit) =>
        cuOccupancyMaxPotentialBlockSizeWithFlags(minGridSize, blockSize, func, blockSizeToDynamicSMemSize, dynamicSMemSize, blockSizeLimit, 0);

    /// <inheritdoc/>
    public override CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(
        int* minGridSize, int* blockSize, CUfunction func, delegate* unmanaged[Cdecl]<int, nuint> blockSizeToDynamicSMemSize,
        nuint dynamicSMemSize, int blockSizeLimit, uint flags)
    {
        if (minGridSize == null || blockSize == null || blockSizeLimit < 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Find<FunctionInfo>(func.Value) is not FunctionInfo function)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (Context(default) is not ContextInfo context)
        {
            return NoContext();
        }

        DeviceFacts device = Facts(context.Device)!;
        int warp = device.Attributes[(int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE] ?? 32;
        int multiprocessors = device.Attributes[(int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT] ?? 1;
        int most = Math.Min(
            device.Attributes[(int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK] ?? 1024,
            function[CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK] ?? 1024);
        int threadsPerMultiprocessor = device.Attributes[(int)CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR] ?? 2048;
        most = blockSizeLimit > 0 ? Math.Min(most, blockSizeLimit) : most;

        // The largest block of those that fill a multiprocessor best; whole warps, but for a limit that is none.
        int bestThreads = 0;
        int bestBlock = 0;
        int bestCount = 0;
        for (int size = most; size > 0 && bestThreads < threadsPerMultiprocessor; size = ((size - 1) / warp) * warp)
        {
            nuint shared = blockSizeToDynamicSMemSize != null ? blockSizeToDynamicSMemSize(size) : dynamicSMemSize;
            int count = 0;
            CUresult status = cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(&count, func, size, shared, flags);
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            if (count * size > bestThreads)
            {
                (bestThreads, bestBlock, bestCount) = (count * size, size, count);
            }
        }

        *blockSize = bestBlock;
        *minGridSize = bestCount * multiprocessors;
        return CUresult.CUDA_SUCCESS;
    }
}
