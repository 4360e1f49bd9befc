using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// A batch is its copies one after another: what has no result is posted, so they leave together anyway.
public sealed unsafe partial class RemoteDriver
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
        if (result != CUresult.CUDA_SUCCESS && failIdx != null)
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

    // The copy that failed, or the largest number where it is none in particular.
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
        // The legacy stream is not one that batches may use; the per-thread stream is.
        if (dsts == null || srcs == null || sizes == null || count == 0 || hStream.Value is 0 or 1
            // Arrays of that many do not fit an address space.
            || count > nuint.MaxValue / 2 / (nuint)sizeof(nuint)
            || !MemcpyBatch.AreValid(attrs, attrsIdxs, numAttrs, count))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = StreamContext(hStream, out _);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return Local(status);
        }

        nuint attribute = 0;
        for (nuint index = 0; index < count && status == CUresult.CUDA_SUCCESS; index++)
        {
            attribute = attribute + 1 < numAttrs && attrsIdxs[attribute + 1] == index ? attribute + 1 : attribute;
            bool readsNow = attrs[attribute].srcAccessOrder == CUmemcpySrcAccessOrder.CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
            status = readsNow && IsDevice(dsts[index]) && !IsDevice(srcs[index])
                ? ToDevice(CallId.cuMemcpyHtoDAsync_v2, dsts[index], (void*)srcs[index].Value, sizes[index], hStream, posted: true, readsNow: true)
                : cuMemcpyAsync(dsts[index], srcs[index], sizes[index], hStream);
            failed = status == CUresult.CUDA_SUCCESS ? failed : index;
        }

        return status;
    }
}
