using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Arguments are judged as CUDA documents them. The simulated GPU has no unit that reads tensor maps, so their bytes are its own: TensorMap.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuTensorMapEncodeTiled(
        CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, uint tensorRank, void* globalAddress, ulong* globalDim, ulong* globalStrides,
        uint* boxDim, uint* elementStrides, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion,
        CUtensorMapFloatOOBfill oobFill)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        var tensor = new TensorMap(tensorDataType, tensorRank, (ulong)globalAddress, interleave, swizzle, l2Promotion, oobFill);
        if (boxDim == null || !tensor.TryRead(globalDim, globalStrides, elementStrides, smallestRank: interleave == 0 ? 1u : 3u)
            || !tensor.TryReadBox(boxDim))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return tensor.TryWrite(tensorMap) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuTensorMapEncodeIm2col(
        CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, uint tensorRank, void* globalAddress, ulong* globalDim, ulong* globalStrides,
        int* pixelBoxLowerCorner, int* pixelBoxUpperCorner, uint channelsPerPixel, uint pixelsPerColumn, uint* elementStrides,
        CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion, CUtensorMapFloatOOBfill oobFill)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        var tensor = new TensorMap(tensorDataType, tensorRank, (ulong)globalAddress, interleave, swizzle, l2Promotion, oobFill);
        if (!tensor.TryRead(globalDim, globalStrides, elementStrides, smallestRank: 3)
            || !tensor.TryReadCorners(pixelBoxLowerCorner, pixelBoxUpperCorner) || !tensor.TryReadPixels(channelsPerPixel, pixelsPerColumn))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return tensor.TryWrite(tensorMap) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuTensorMapEncodeIm2colWide(
        CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, uint tensorRank, void* globalAddress, ulong* globalDim, ulong* globalStrides,
        int pixelBoxLowerCornerWidth, int pixelBoxUpperCornerWidth, uint channelsPerPixel, uint pixelsPerColumn, uint* elementStrides,
        CUtensorMapInterleave interleave, CUtensorMapIm2ColWideMode mode, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion,
        CUtensorMapFloatOOBfill oobFill)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        var tensor = new TensorMap(tensorDataType, tensorRank, (ulong)globalAddress, interleave, swizzle, l2Promotion, oobFill);
        if (!Enum.IsDefined(mode) || interleave != CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_NONE
            || !tensor.TryRead(globalDim, globalStrides, elementStrides, smallestRank: 3)
            || !tensor.TryReadWidths(pixelBoxLowerCornerWidth, pixelBoxUpperCornerWidth, mode)
            || !tensor.TryReadPixels(channelsPerPixel, pixelsPerColumn))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return tensor.TryWrite(tensorMap) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuTensorMapReplaceAddress(CUtensorMap* tensorMap, void* globalAddress)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return TensorMap.TryReplaceAddress(tensorMap, (ulong)globalAddress) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }
}
