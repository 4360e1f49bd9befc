using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// The stack of contexts is each thread's own and lives in its lane: push, pop and set cost nothing. Every call's frame names the current
// context, and the server's lane makes it current when it changes.
public sealed unsafe partial class RemoteDriver
{
    private const uint ApiVersion = 3020;

    /// <inheritdoc/>
    public override CUresult cuCtxCreate_v2(CUcontext* pctx, uint flags, int dev)
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
            Call call = _session.Begin(CallId.cuCtxCreate_v2);
            var context = new CUcontext(call.WriteNewHandle(HandleKind.CUcontext));
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
            return _session.Failed(CallId.cuCtxCreate_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuCtxCreate_v3(CUcontext* pctx, CUexecAffinityParam_v1* paramsArray, int numParams, uint flags, int dev) =>
        numParams != 0 ? CUresult.CUDA_ERROR_NOT_SUPPORTED : cuCtxCreate_v2(pctx, flags, dev);

    /// <inheritdoc/>
    public override CUresult cuCtxCreate_v4(CUcontext* pctx, CUctxCreateParams* ctxCreateParams, uint flags, int dev) =>
        ctxCreateParams != null && (ctxCreateParams->numExecAffinityParams != 0 || ctxCreateParams->cigParams != null)
            ? CUresult.CUDA_ERROR_NOT_SUPPORTED
            : cuCtxCreate_v2(pctx, flags, dev);

    /// <inheritdoc/>
    public override CUresult cuCtxDestroy_v2(CUcontext ctx)
    {
        if (Handles.Find<ContextInfo>(ctx.Value) is not { IsPrimary: false })
        {
            return CUresult.CUDA_ERROR_INVALID_CONTEXT;
        }

        try
        {
            // Popped first, so that the frame does not name a context that is about to end.
            Lane lane = _session.Lane;
            if (lane.Current == ctx)
            {
                lane.Contexts.Pop();
            }

            Call call = _session.Begin(CallId.cuCtxDestroy_v2);
            call.WriteHandle(ctx.Value);
            call.Post();
            Handles.Forget(ctx.Value);
            _session.Ranges.RemoveContext(ctx);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuCtxDestroy_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuCtxGetCurrent(CUcontext* pctx) => Local(pctx, Current);

    /// <inheritdoc/>
    public override CUresult cuCtxSetCurrent(CUcontext ctx)
    {
        if (Handles.Check(ctx.Value, HandleKind.CUcontext, optional: true) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        Stack<CUcontext> contexts = _session.Lane.Contexts;
        contexts.TryPop(out _);
        if (ctx.Value != 0)
        {
            contexts.Push(ctx);
        }

        return Local(CUresult.CUDA_SUCCESS);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxPushCurrent_v2(CUcontext ctx)
    {
        if (Handles.Check(ctx.Value, HandleKind.CUcontext) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        _session.Lane.Contexts.Push(ctx);
        return Local(CUresult.CUDA_SUCCESS);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxPopCurrent_v2(CUcontext* pctx)
    {
        if (!_session.Lane.Contexts.TryPop(out CUcontext popped))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
        }

        return pctx == null ? Local(CUresult.CUDA_SUCCESS) : Local(pctx, popped);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxGetDevice(int* device) => cuCtxGetDevice_v2(device, default);

    /// <inheritdoc/>
    public override CUresult cuCtxGetDevice_v2(int* device, CUcontext ctx) =>
        Context(ctx) is ContextInfo info ? Local(device, info.Device) : Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);

    /// <inheritdoc/>
    public override CUresult cuCtxGetFlags(uint* flags) =>
        Context(default) is ContextInfo info ? Local(flags, info.Flags) : Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);

    /// <inheritdoc/>
    public override CUresult cuCtxGetId(CUcontext ctx, ulong* ctxId) =>
        Context(ctx) is null ? Local(CUresult.CUDA_ERROR_INVALID_CONTEXT) : Local(ctxId, (ulong)((ctx.Value != 0 ? ctx : Current).Value >>> 8));

    /// <inheritdoc/>
    public override CUresult cuCtxGetApiVersion(CUcontext ctx, uint* version) =>
        Context(ctx) is null ? Local(CUresult.CUDA_ERROR_INVALID_CONTEXT) : Local(version, ApiVersion);

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, int dev)
    {
        if (pctx == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            try
            {
                if (primary.Retained == 0)
                {
                    Call call = _session.Begin(CallId.cuDevicePrimaryCtxRetain);
                    call.WriteHandle(primary.Id);
                    call.Write(dev);
                    CUresult status = call.Invoke();
                    if (status != CUresult.CUDA_SUCCESS)
                    {
                        return status;
                    }

                    call.End();
                    Handles.Add(primary.Id, new ContextInfo(dev, primary.Flags, isPrimary: true));
                }
                else
                {
                    _session.CountLocal();
                }

                primary.Retained++;
                *pctx = new CUcontext(primary.Id);
                return CUresult.CUDA_SUCCESS;
            }
            catch (Exception failure)
            {
                return _session.Failed(CallId.cuDevicePrimaryCtxRetain, failure);
            }
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxRelease_v2(int dev)
    {
        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            if (primary.Retained == 0)
            {
                return CUresult.CUDA_ERROR_INVALID_CONTEXT;
            }

            return --primary.Retained > 0 ? Local(CUresult.CUDA_SUCCESS) : EndPrimary(CallId.cuDevicePrimaryCtxRelease_v2, primary, dev);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxReset_v2(int dev)
    {
        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            bool wasActive = primary.Retained > 0;
            primary.Retained = 0;
            return wasActive ? EndPrimary(CallId.cuDevicePrimaryCtxReset_v2, primary, dev) : Local(CUresult.CUDA_SUCCESS);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxSetFlags_v2(int dev, uint flags)
    {
        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        try
        {
            Call call = _session.Begin(CallId.cuDevicePrimaryCtxSetFlags_v2);
            call.Write(dev);
            call.Write(flags);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                PrimaryContext primary = _session.Primary(dev);
                lock (primary)
                {
                    primary.Flags = flags;
                    if (Handles.Find<ContextInfo>(primary.Id) is ContextInfo info)
                    {
                        info.Flags = flags;
                    }
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuDevicePrimaryCtxSetFlags_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxGetState(int dev, uint* flags, int* active)
    {
        if (Facts(dev) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            CUresult result = Local(flags, primary.Flags);
            return result == CUresult.CUDA_SUCCESS ? Local(active, primary.Retained > 0 ? 1 : 0) : result;
        }
    }

    // Posted: the program cannot tell when a context it has let go of is gone.
    private CUresult EndPrimary(uint callId, PrimaryContext primary, int dev)
    {
        try
        {
            Call call = _session.Begin(callId);
            call.WriteHandle(primary.Id);
            call.Write(dev);
            call.Post();
            Handles.Forget(primary.Id);
            _session.Ranges.RemoveContext(new CUcontext(primary.Id));
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // The context given, or the thread's current one for null; null where there is none or it has ended.
    private ContextInfo? Context(CUcontext context) => Handles.Find<ContextInfo>((context.Value != 0 ? context : Current).Value);
}
