using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// The stack of contexts is each thread's own and lives in its lane: push, pop and set cost nothing. Every call's frame names the current
// context, and the server's lane makes it current when it changes.
public sealed unsafe partial class RemoteDriver
{
    private const uint ApiVersion = 3020;

    /// <inheritdoc/>
    public override CUresult cuCtxDestroy_v2(CUcontext ctx)
    {
        if (Handles.Find<ContextInfo>(ctx.Value) is not { IsPrimary: false, Green: 0 })
        {
            return CUresult.CUDA_ERROR_INVALID_CONTEXT;
        }

        try
        {
            Lane lane = _session.Lane;
            EndHostWork(ctx);
            // Popped first, so that the frame does not name a context that is about to end.
            if (lane.Current == ctx)
            {
                lane.Contexts.Pop();
            }

            var call = new Call(_session, CallId.cuCtxDestroy_v2);
            call.WriteHandle(ctx.Value);
            // Not posted: it waits for the GPU, and meanwhile the thread must not make calls that others would have to wait for.
            _session.Ranges.RemoveContext(ctx);
            ForgetTextures(ctx);
            HostMemory.RemoveContext(ctx);
            CUresult status = call.Invoke();
            Handles.Forget(ctx.Value);
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
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
        if (ctx.Value != 0 && !MayBeCurrent(ctx))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
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
        if (!MayBeCurrent(ctx))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_CONTEXT);
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
        Context(ctx) is ContextInfo info ? Local(device, info.Device) : Local(NoContext(ctx));

    /// <inheritdoc/>
    public override CUresult cuCtxGetFlags(uint* flags) =>
        Context(default) is ContextInfo info ? Local(flags, info.Flags) : Local(NoContext());

    /// <inheritdoc/>
    public override CUresult cuCtxGetId(CUcontext ctx, ulong* ctxId) =>
        Context(ctx) is null ? Local(NoContext(ctx)) : Local(ctxId, (ulong)((ctx.Value != 0 ? ctx : Current).Value >>> 8));

    /// <inheritdoc/>
    public override CUresult cuCtxGetApiVersion(CUcontext ctx, uint* version) =>
        Context(ctx) is null ? Local(NoContext(ctx)) : Local(version, ApiVersion);

    // A primary context may be made current before anybody retains it.
    private bool MayBeCurrent(CUcontext context) =>
        Handles.Check(context.Value, HandleKind.CUcontext) == CUresult.CUDA_SUCCESS
        || (HandleId.PrimaryDevice(context.Value) is int device && Facts(device) is not null);

    // The context given, or the thread's current one for null; null where there is none or it has ended.
    private ContextInfo? Context(CUcontext context) => Handles.Find<ContextInfo>((context.Value != 0 ? context : Current).Value);

    // Why there is no context: none was given or current, or the one that was has ended, or is a primary one that nobody retains.
    private CUresult NoContext(CUcontext context = default) =>
        context.Value == 0 ? (Current.Value != 0 ? CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED : CUresult.CUDA_ERROR_INVALID_CONTEXT)
        : HandleId.PrimaryDevice(context.Value) is int device && Facts(device) is not null ? CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED
        : CUresult.CUDA_ERROR_INVALID_CONTEXT;
}
