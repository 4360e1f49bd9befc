using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuCtxGetLimit(nuint* pvalue, CUlimit limit)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pvalue == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        CUresult result = context.Limits.Get(limit, out nuint value);
        if (result == CUDA_SUCCESS)
        {
            *pvalue = value;
        }
        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuCtxSetLimit(CUlimit limit, nuint value) =>
        Enter(out DriverContext context) is not CUDA_SUCCESS and var error ? error : context.Limits.Set(limit, value);

    /// <inheritdoc/>
    public override CUresult cuCtxGetCacheConfig(CUfunc_cache* pconfig) =>
        Enter(out DriverContext context) is not CUDA_SUCCESS and var error ? error : Give(pconfig, context.CacheConfig);

    /// <summary>A preference: kept, and nothing here depends on it.</summary>
    public override CUresult cuCtxSetCacheConfig(CUfunc_cache config)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!Enum.IsDefined(config))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        context.CacheConfig = config;
        return CUDA_SUCCESS;
    }

    /// <summary>The banks of this architecture are four bytes wide.</summary>
    public override CUresult cuCtxGetSharedMemConfig(CUsharedconfig* pConfig) =>
        Enter(out _) is not CUDA_SUCCESS and var error ? error : Give(pConfig, CUsharedconfig.CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE);

    /// <summary>The banks of this architecture cannot be set; as on a real one the wish is accepted without effect.</summary>
    public override CUresult cuCtxSetSharedMemConfig(CUsharedconfig config) =>
        Enter(out _) is not CUDA_SUCCESS and var error ? error : Enum.IsDefined(config) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;

    /// <summary>The simulated device has no cache in which lines could persist, and says so in its attributes.</summary>
    public override CUresult cuCtxResetPersistingL2Cache() => Enter(out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_NOT_SUPPORTED;

    /// <inheritdoc/>
    public override CUresult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (leastPriority != null)
        {
            *leastPriority = DeviceAttributes.LeastPriority;
        }
        if (greatestPriority != null)
        {
            *greatestPriority = DeviceAttributes.GreatestPriority;
        }
        return CUDA_SUCCESS;
    }
}
