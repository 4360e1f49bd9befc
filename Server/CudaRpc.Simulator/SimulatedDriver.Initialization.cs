namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuInit(uint Flags)
    {
        if (Flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        lock (_lock)
        {
            if (_state == Created)
            {
                _state = Initialized;
            }
        }
        return Ready;
    }

    /// <inheritdoc/>
    public override CUresult cuDriverGetVersion(int* driverVersion)
    {
        if (driverVersion == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *driverVersion = DeviceAttributes.DriverVersion;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGetErrorName(CUresult error, byte** pStr) => GiveText(CudaErrors.NamePointer(error), pStr);

    /// <inheritdoc/>
    public override CUresult cuGetErrorString(CUresult error, byte** pStr) => GiveText(CudaErrors.DescriptionPointer(error), pStr);

    /// <summary>There is no profiler that could be told.</summary>
    public override CUresult cuProfilerStart() => Enter(out _);

    /// <summary>There is no profiler that could be told.</summary>
    public override CUresult cuProfilerStop() => Enter(out _);

    private static CUresult GiveText(byte* text, byte** pStr)
    {
        if (pStr == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pStr = text;
        return text == null ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    }
}
