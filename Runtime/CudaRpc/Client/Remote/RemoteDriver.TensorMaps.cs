using CudaRpc.Driver;

namespace CudaRpc.Client;

// A tensor map is bytes that only the server's GPU understands: its driver makes them of the arguments. Arrays have one element for each
// dimension, strides one less, corners two less.
public sealed unsafe partial class RemoteDriver
{
    private const uint LargestRank = 5;
    private const ulong TensorMapAlignment = 64;

    /// <inheritdoc/>
    public override CUresult cuTensorMapEncodeTiled(
        CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, uint tensorRank, void* globalAddress, ulong* globalDim, ulong* globalStrides,
        uint* boxDim, uint* elementStrides, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion,
        CUtensorMapFloatOOBfill oobFill)
    {
        if (!IsTensor(tensorMap, tensorRank, 1, globalDim, globalStrides, elementStrides) || boxDim == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuTensorMapEncodeTiled);
            WriteTensor(ref call, tensorDataType, tensorRank, globalAddress, globalDim, globalStrides, elementStrides);
            call.WriteArray(boxDim, tensorRank);
            return Encode(ref call, tensorMap, interleave, swizzle, l2Promotion, oobFill);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuTensorMapEncodeTiled, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuTensorMapEncodeIm2col(
        CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, uint tensorRank, void* globalAddress, ulong* globalDim, ulong* globalStrides,
        int* pixelBoxLowerCorner, int* pixelBoxUpperCorner, uint channelsPerPixel, uint pixelsPerColumn, uint* elementStrides,
        CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion, CUtensorMapFloatOOBfill oobFill)
    {
        if (!IsTensor(tensorMap, tensorRank, 3, globalDim, globalStrides, elementStrides) || pixelBoxLowerCorner == null || pixelBoxUpperCorner == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuTensorMapEncodeIm2col);
            WriteTensor(ref call, tensorDataType, tensorRank, globalAddress, globalDim, globalStrides, elementStrides);
            call.WriteArray(pixelBoxLowerCorner, tensorRank - 2);
            call.WriteArray(pixelBoxUpperCorner, tensorRank - 2);
            call.Write(channelsPerPixel);
            call.Write(pixelsPerColumn);
            return Encode(ref call, tensorMap, interleave, swizzle, l2Promotion, oobFill);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuTensorMapEncodeIm2col, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuTensorMapEncodeIm2colWide(
        CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, uint tensorRank, void* globalAddress, ulong* globalDim, ulong* globalStrides,
        int pixelBoxLowerCornerWidth, int pixelBoxUpperCornerWidth, uint channelsPerPixel, uint pixelsPerColumn, uint* elementStrides,
        CUtensorMapInterleave interleave, CUtensorMapIm2ColWideMode mode, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion,
        CUtensorMapFloatOOBfill oobFill)
    {
        if (!IsTensor(tensorMap, tensorRank, 3, globalDim, globalStrides, elementStrides))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuTensorMapEncodeIm2colWide);
            WriteTensor(ref call, tensorDataType, tensorRank, globalAddress, globalDim, globalStrides, elementStrides);
            call.Write(pixelBoxLowerCornerWidth);
            call.Write(pixelBoxUpperCornerWidth);
            call.Write(channelsPerPixel);
            call.Write(pixelsPerColumn);
            call.Write((int)mode);
            return Encode(ref call, tensorMap, interleave, swizzle, l2Promotion, oobFill);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuTensorMapEncodeIm2colWide, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuTensorMapReplaceAddress(CUtensorMap* tensorMap, void* globalAddress)
    {
        if (tensorMap == null || (ulong)tensorMap % TensorMapAlignment != 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuTensorMapReplaceAddress);
            call.WriteStruct(tensorMap);
            call.Write((ulong)globalAddress);
            return Finish(ref call, tensorMap);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuTensorMapReplaceAddress, failure);
        }
    }

    private static bool IsTensor(CUtensorMap* map, uint rank, uint smallest, ulong* dimensions, ulong* strides, uint* elementStrides) =>
        map != null && (ulong)map % TensorMapAlignment == 0 && rank >= smallest && rank <= LargestRank
        && dimensions != null && elementStrides != null && (strides != null || rank == 1);

    private static void WriteTensor(
        ref Call call, CUtensorMapDataType type, uint rank, void* address, ulong* dimensions, ulong* strides, uint* elementStrides)
    {
        call.Write((int)type);
        call.Write(rank);
        call.Write((ulong)address);
        call.WriteArray(dimensions, rank);
        call.WriteArray(strides, rank - 1);
        call.WriteArray(elementStrides, rank);
    }

    private static CUresult Encode(
        ref Call call, CUtensorMap* map, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion promotion,
        CUtensorMapFloatOOBfill fill)
    {
        call.Write((int)interleave);
        call.Write((int)swizzle);
        call.Write((int)promotion);
        call.Write((int)fill);
        return Finish(ref call, map);
    }

    private static CUresult Finish(ref Call call, CUtensorMap* map)
    {
        CUresult status = call.Invoke();
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.ReadStruct(map);
            call.End();
        }

        return status;
    }
}
