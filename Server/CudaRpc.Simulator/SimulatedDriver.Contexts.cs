using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    // What a context made by any version of cuCtxCreate since CUDA 3.2 reports.
    private const uint ContextApiVersion = 3020;

    /// <summary>Waits for the context's work, then releases what it owns.</summary>
    public override CUresult cuCtxDestroy_v2(CUcontext ctx)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove(ctx.Value, out DriverContext? context))
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        Stack<nint> stack = _stack.Value!;
        if (stack.TryPeek(out nint top) && top == ctx.Value)
        {
            stack.Pop();
        }
        Release(context);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxPushCurrent_v2(CUcontext ctx)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!IsContext(ctx.Value))
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        _stack.Value!.Push(ctx.Value);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxPopCurrent_v2(CUcontext* pctx)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_stack.Value!.TryPop(out nint handle))
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (pctx != null)
        {
            *pctx = new CUcontext(handle);
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxSetCurrent(CUcontext ctx)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ctx.Value != 0 && !IsContext(ctx.Value))
        {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        Stack<nint> stack = _stack.Value!;
        stack.TryPop(out _);
        if (ctx.Value != 0)
        {
            stack.Push(ctx.Value);
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxGetCurrent(CUcontext* pctx)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pctx == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pctx = new CUcontext(_stack.Value!.TryPeek(out nint handle) ? handle : 0);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxGetDevice(int* device) => cuCtxGetDevice_v2(device, default);

    /// <inheritdoc/>
    public override CUresult cuCtxGetDevice_v2(int* device, CUcontext ctx)
    {
        if (FindContextOrCurrent(ctx, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Give(device, context.Device.Ordinal);
    }

    /// <inheritdoc/>
    public override CUresult cuCtxGetId(CUcontext ctx, ulong* ctxId) =>
        FindContextOrCurrent(ctx, out DriverContext context) is not CUDA_SUCCESS and var error
            ? error
            : Give(ctxId, (ctx.Value == 0 ? CurrentGreen : GreenOf(ctx))?.Id ?? context.Id);

    /// <inheritdoc/>
    public override CUresult cuCtxGetApiVersion(CUcontext ctx, uint* version) =>
        FindContextOrCurrent(ctx, out _) is not CUDA_SUCCESS and var error ? error : Give(version, ContextApiVersion);

    /// <inheritdoc/>
    public override CUresult cuCtxGetFlags(uint* flags) =>
        Enter(out DriverContext context) is not CUDA_SUCCESS and var error ? error : Give(flags, context.Flags);

    /// <summary>Waits for everything the current context was given.</summary>
    public override CUresult cuCtxSynchronize() => cuCtxSynchronize_v2(default);

    /// <inheritdoc/>
    public override CUresult cuCtxSynchronize_v2(CUcontext ctx)
    {
        if (FindContextOrCurrent(ctx, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (context.HasCaptures)
        {
            return RefuseWhileCapturing() is not CUDA_SUCCESS and var capturing ? capturing : CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        if ((ctx.Value == 0 ? CurrentGreen : GreenOf(ctx)) is { } green)
        {
            context.Synchronize(green);
        }
        else
        {
            context.Synchronize();
        }
        TrimPools();
        return context.Fault;
    }

    // Scheduling is 0 or one bit; the other bits are independent.
    private static bool AreContextFlags(uint flags)
    {
        uint scheduling = flags & (uint)CUctx_flags.CU_CTX_SCHED_MASK;
        return (flags & ~(uint)CUctx_flags.CU_CTX_FLAGS_MASK) == 0 && (scheduling & (scheduling - 1)) == 0;
    }

    private static CUresult Give<T>(T* destination, T value)
        where T : unmanaged
    {
        if (destination == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *destination = value;
        return CUDA_SUCCESS;
    }

    private DriverContext NewContext(SimulatedDevice device, uint flags) => new(this, _gpu, device, _workers, flags, NextId(), _log);

    /// <summary>Makes the context one of the driver's. False if the driver was disposed of meanwhile.</summary>
    private bool Keep(DriverContext context)
    {
        lock (_lock)
        {
            return _state == Initialized && _contexts.Add(context);
        }
    }
}
