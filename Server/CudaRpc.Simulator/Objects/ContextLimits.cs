namespace CudaRpc.Simulator.Objects;

/// <summary>The limits of a context. They are budgets for what kernels may use; the simulator keeps them and needs none of them.</summary>
internal sealed class ContextLimits
{
    private const nuint MaxStackBytes = 512 << 10;

    private readonly nuint[] _values = new nuint[(int)CUlimit.CU_LIMIT_MAX];

    public ContextLimits()
    {
        _values[(int)CUlimit.CU_LIMIT_STACK_SIZE] = 1 << 10;
        _values[(int)CUlimit.CU_LIMIT_PRINTF_FIFO_SIZE] = 1 << 20;
        _values[(int)CUlimit.CU_LIMIT_MALLOC_HEAP_SIZE] = 8 << 20;
        _values[(int)CUlimit.CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT] = 2048;
        _values[(int)CUlimit.CU_LIMIT_MAX_L2_FETCH_GRANULARITY] = 64;
    }

    public CUresult Get(CUlimit limit, out nuint value)
    {
        value = 0;
        CUresult supported = Check(limit);
        if (supported == CUDA_SUCCESS)
        {
            value = Volatile.Read(ref _values[(int)limit]); // Pairs with the write in Set.
        }
        return supported;
    }

    public CUresult Set(CUlimit limit, nuint value)
    {
        CUresult supported = Check(limit);
        if (supported != CUDA_SUCCESS)
        {
            return supported;
        }
        if ((limit == CUlimit.CU_LIMIT_STACK_SIZE && value > MaxStackBytes)
            || (limit == CUlimit.CU_LIMIT_MAX_L2_FETCH_GRANULARITY && value > 128))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        Volatile.Write(ref _values[(int)limit], value);
        return CUDA_SUCCESS;
    }

    private static CUresult Check(CUlimit limit) => limit switch
    {
        CUlimit.CU_LIMIT_STACK_SIZE or CUlimit.CU_LIMIT_PRINTF_FIFO_SIZE or CUlimit.CU_LIMIT_MALLOC_HEAP_SIZE
            or CUlimit.CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT or CUlimit.CU_LIMIT_MAX_L2_FETCH_GRANULARITY => CUDA_SUCCESS,
        _ => CUDA_ERROR_UNSUPPORTED_LIMIT,
    };
}
