using CudaRpc.Driver;

namespace CudaRpc.Client;

// What was said when a stream was created.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx) =>
        StreamContext(hStream, out CUcontext context) is var status and not CUresult.CUDA_SUCCESS ? Local(status) : Local(pctx, context);

    /// <inheritdoc/>
    public override CUresult cuStreamGetDevice(CUstream hStream, int* device) =>
        StreamContext(hStream, out CUcontext context) is var status and not CUresult.CUDA_SUCCESS ? Local(status) : cuCtxGetDevice_v2(device, context);

    private CUresult StreamContext(CUstream stream, out CUcontext context)
    {
        context = Handles.Find(stream.Value) is HandleInfo info ? new CUcontext(info.Parent) : Current;
        CUresult check = Handles.Check(stream.Value, HandleKind.CUstream);
        return check != CUresult.CUDA_SUCCESS ? check : Handles.Check(context.Value, HandleKind.CUcontext);
    }
}
