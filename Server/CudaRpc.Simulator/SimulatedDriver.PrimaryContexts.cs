using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult PrimaryContextHandle(CUcontext* pctx, int dev) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : Give(pctx, new CUcontext(_primaries[dev].Handle));

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, int dev)
    {
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pctx == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        PrimaryContext primary = _primaries[dev];
        lock (_lock)
        {
            if (_state != Initialized)
            {
                return CUDA_ERROR_DEINITIALIZED;
            }
            primary.Retains++;
            if (primary.Active is null)
            {
                DriverContext context = NewContext(device, primary.Flags);
                context.Handle = primary.Handle;
                _contexts.Add(context);
                primary.Active = context;
            }
        }
        *pctx = new CUcontext(primary.Handle);
        return CUDA_SUCCESS;
    }

    /// <summary>The last release destroys the context as <see cref="cuCtxDestroy_v2"/> does.</summary>
    public override CUresult cuDevicePrimaryCtxRelease_v2(int dev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        PrimaryContext primary = _primaries[dev];
        DriverContext? last = null;
        lock (_lock)
        {
            if (primary.Retains == 0)
            {
                return CUDA_ERROR_INVALID_CONTEXT;
            }
            if (--primary.Retains == 0)
            {
                last = Deactivate(primary);
            }
        }
        ReleaseIfAny(last);
        return CUDA_SUCCESS;
    }

    /// <summary>Destroys the context and releases nothing: the next retain brings it back.</summary>
    public override CUresult cuDevicePrimaryCtxReset_v2(int dev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        PrimaryContext primary = _primaries[dev];
        DriverContext? active;
        lock (_lock)
        {
            // Who has retained it still has to release it; nobody can destroy a green context that has ended with it.
            primary.Retains -= primary.Greens;
            primary.Greens = 0;
            active = Deactivate(primary);
        }
        ReleaseIfAny(active);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxGetState(int dev, uint* flags, int* active)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (flags == null || active == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        PrimaryContext primary = _primaries[dev];
        lock (_lock)
        {
            *flags = primary.Active?.Flags ?? primary.Flags;
            *active = primary.Active is null ? 0 : 1;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxSetFlags_v2(int dev, uint flags)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!AreContextFlags(flags))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        PrimaryContext primary = _primaries[dev];
        lock (_lock)
        {
            primary.Flags = flags;
            if (primary.Active is { } context)
            {
                context.Flags = flags;
            }
        }
        return CUDA_SUCCESS;
    }

    // Under the lock. The caller releases what it returns.
    private static DriverContext? Deactivate(PrimaryContext primary)
    {
        DriverContext? context = primary.Active;
        primary.Active = null;
        return context;
    }

    private void ReleaseIfAny(DriverContext? context)
    {
        if (context is not null)
        {
            Release(context);
        }
    }
}
