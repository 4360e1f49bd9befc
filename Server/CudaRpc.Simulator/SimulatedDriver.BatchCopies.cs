using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// A batch is its copies one after another, which is one of the orders that CUDA allows.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemcpyBatchAsync(
        CUdeviceptr* dsts,
        CUdeviceptr* srcs,
        nuint* sizes,
        nuint count,
        CUmemcpyAttributes_v1* attrs,
        nuint* attrsIdxs,
        nuint numAttrs,
        nuint* failIdx,
        CUstream hStream)
    {
        CUresult result = CopyBatch(dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, out nuint failed, hStream);
        if (result != CUDA_SUCCESS && failIdx != null)
        {
            *failIdx = failed;
        }
        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuMemcpyBatchAsync_v2(
        CUdeviceptr* dsts,
        CUdeviceptr* srcs,
        nuint* sizes,
        nuint count,
        CUmemcpyAttributes_v1* attrs,
        nuint* attrsIdxs,
        nuint numAttrs,
        CUstream hStream) => CopyBatch(dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, out _, hStream);

    private CUresult CopyBatch(
        CUdeviceptr* dsts,
        CUdeviceptr* srcs,
        nuint* sizes,
        nuint count,
        CUmemcpyAttributes_v1* attrs,
        nuint* attrsIdxs,
        nuint numAttrs,
        out nuint failed,
        CUstream hStream)
    {
        failed = nuint.MaxValue;
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dsts == null || srcs == null || sizes == null || count == 0 || stream == stream.Context.LegacyStream
            || !MemcpyBatch.AreValid(attrs, attrsIdxs, numAttrs, count))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nuint attribute = 0;
        for (nuint i = 0; i < count; i++)
        {
            attribute = attribute + 1 < numAttrs && attrsIdxs[attribute + 1] == i ? attribute + 1 : attribute;
            bool readsNow = attrs[attribute].srcAccessOrder == CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
            CUresult result = CopyOne(stream, hStream, dsts[i], srcs[i], sizes[i], readsNow);
            if (result != CUDA_SUCCESS)
            {
                failed = i;
                return result;
            }
        }
        return CUDA_SUCCESS;
    }

    private CUresult CopyOne(DriverStream stream, CUstream hStream, CUdeviceptr dst, CUdeviceptr src, nuint bytes, bool readsNow) =>
        readsNow && bytes != 0 && Any(dst, bytes) is { IsDevice: true } to && Any(src, bytes) is { IsDevice: false } from
            ? CopyFromPageable(stream, new CopyWork(to, from, bytes))
            : cuMemcpyAsync(dst, src, bytes, hStream);
}
