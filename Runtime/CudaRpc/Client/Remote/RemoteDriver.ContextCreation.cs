using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// How contexts begin, what they are given, and the counting of them from before CUDA 4.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuCtxCreate_v2(CUcontext* pctx, uint flags, int dev) =>
        CreateContext(CallId.cuCtxCreate_v2, pctx, null, 0, flags, dev);

    /// <inheritdoc/>
    public override CUresult cuCtxCreate_v3(CUcontext* pctx, CUexecAffinityParam_v1* paramsArray, int numParams, uint flags, int dev)
    {
        if (numParams < 0 || (numParams > 0 && paramsArray == null))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        return numParams == 0 ? cuCtxCreate_v2(pctx, flags, dev) : CreateContext(CallId.cuCtxCreate_v3, pctx, paramsArray, numParams, flags, dev);
    }

    /// <summary>A context shared with a graphics client is refused: that client is a program of this machine.</summary>
    public override CUresult cuCtxCreate_v4(CUcontext* pctx, CUctxCreateParams* ctxCreateParams, uint flags, int dev)
    {
        if (ctxCreateParams == null)
        {
            return cuCtxCreate_v2(pctx, flags, dev);
        }

        if (ctxCreateParams->cigParams == null)
        {
            return cuCtxCreate_v3(pctx, ctxCreateParams->execAffinityParams, ctxCreateParams->numExecAffinityParams, flags, dev);
        }

        return ctxCreateParams->numExecAffinityParams != 0 ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_ERROR_NOT_SUPPORTED;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxAttach(CUcontext* pctx, uint flags)
    {
        if (pctx == null || flags != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (Context(default) is not ContextInfo info)
        {
            return Local(NoContext());
        }

        if (info.Green != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        }

        if (info.IsPrimary)
        {
            return cuDevicePrimaryCtxRetain(pctx, info.Device);
        }

        Interlocked.Increment(ref info.Attachments);
        return Local(pctx, Current);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxDetach(CUcontext ctx)
    {
        if (ctx.Value == 0 || ctx != Current || Context(ctx) is not { Green: 0 } info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        }

        if (info.IsPrimary)
        {
            return cuDevicePrimaryCtxRelease_v2(info.Device);
        }

        return Interlocked.Decrement(ref info.Attachments) > 0 ? Local(CUresult.CUDA_SUCCESS) : cuCtxDestroy_v2(ctx);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxSetFlags(uint flags)
    {
        if (Context(default) is not ContextInfo info)
        {
            return NoContext();
        }

        try
        {
            var call = new Call(_session, CallId.cuCtxSetFlags);
            call.Write(flags);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                info.Flags = flags;
                if (info.IsPrimary)
                {
                    _session.Primary(info.Device).Flags = flags;
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuCtxSetFlags, failure);
        }
    }

    private CUresult CreateContext(uint callId, CUcontext* pctx, CUexecAffinityParam_v1* affinities, int count, uint flags, int dev)
    {
        if (pctx == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        try
        {
            var call = new Call(_session, callId);
            var context = new CUcontext(call.WriteNewHandle(HandleKind.CUcontext));
            if (callId == CallId.cuCtxCreate_v3)
            {
                call.WriteArray(affinities, (nuint)count);
            }

            call.Write(flags);
            call.Write(dev);
            Handles.Add(context.Value, new ContextInfo(dev, flags, isPrimary: false));
            CUresult status = call.Invoke();
            if (status != CUresult.CUDA_SUCCESS)
            {
                Handles.Forget(context.Value);
                return status;
            }

            call.End();
            _session.Lane.Contexts.Push(context);
            *pctx = context;
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
