using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuCtxCreate_v2(CUcontext* pctx, uint flags, int dev)
    {
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pctx == null || !AreContextFlags(flags))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        DriverContext context = NewContext(device, flags);
        context.Handle = _handles.Add(context);
        if (context.Handle == 0 || !Keep(context))
        {
            Release(context);
            return Ready is not CUDA_SUCCESS and var gone ? gone : CUDA_ERROR_OUT_OF_MEMORY;
        }
        _stack.Value!.Push(context.Handle);
        *pctx = new CUcontext(context.Handle);
        return CUDA_SUCCESS;
    }

    /// <summary>The simulated device gives no context fewer multiprocessors than it has: a green context does.</summary>
    public override CUresult cuCtxCreate_v3(CUcontext* pctx, CUexecAffinityParam_v1* paramsArray, int numParams, uint flags, int dev) =>
        numParams == 0
            ? cuCtxCreate_v2(pctx, flags, dev)
            : EnterDevice(dev, out _) is not CUDA_SUCCESS and var error
                ? error
                : numParams < 0 || pctx == null || paramsArray == null || !AreAffinities(paramsArray, numParams)
                    ? CUDA_ERROR_INVALID_VALUE
                    : CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;

    /// <inheritdoc/>
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
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return ctxCreateParams->numExecAffinityParams != 0 ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_NOT_SUPPORTED;
    }

    /// <summary>One more use of the current context; the last <see cref="cuCtxDetach"/> destroys it. A primary one is retained.</summary>
    public override CUresult cuCtxAttach(CUcontext* pctx, uint flags)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pctx == null || flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (CurrentGreen is not null)
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (IsPrimary(context))
        {
            return cuDevicePrimaryCtxRetain(pctx, context.Device.Ordinal);
        }
        Interlocked.Increment(ref context.Attachments);
        *pctx = new CUcontext(context.Handle);
        return CUDA_SUCCESS;
    }

    /// <summary>The context must be current.</summary>
    public override CUresult cuCtxDetach(CUcontext ctx)
    {
        if (Current(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ctx.Value != context.Handle)
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (IsPrimary(context))
        {
            return cuDevicePrimaryCtxRelease_v2(context.Device.Ordinal);
        }
        return Interlocked.Decrement(ref context.Attachments) > 0 ? CUDA_SUCCESS : cuCtxDestroy_v2(ctx);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxSetFlags(uint flags)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!AreContextFlags(flags))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        context.Flags = flags;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxGetExecAffinity(CUexecAffinityParam_v1* pExecAffinity, CUexecAffinityType type)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return pExecAffinity == null || type != CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT
            ? CUDA_ERROR_INVALID_VALUE
            : CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;
    }

    private bool IsPrimary(DriverContext context) => context.Handle == _primaries[context.Device.Ordinal].Handle;

    private static bool AreAffinities(CUexecAffinityParam_v1* parameters, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (parameters[i].type != CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT)
            {
                return false;
            }
        }
        return true;
    }
}
