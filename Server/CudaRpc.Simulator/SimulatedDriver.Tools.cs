using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Core dumps, the profiler, and what of other machinery a program may ask about.
public unsafe partial class SimulatedDriver
{
    private readonly CoreDumpSettings _coreDumps = new();

    /// <inheritdoc/>
    public override CUresult cuCoredumpGetAttribute(CUcoredumpSettings attrib, void* value, nuint* size) =>
        Enter(out DriverContext context) is not CUDA_SUCCESS and var error ? error : DumpsOf(context).Get(attrib, (byte*)value, size);

    /// <inheritdoc/>
    public override CUresult cuCoredumpGetAttributeGlobal(CUcoredumpSettings attrib, void* value, nuint* size) =>
        Ready is not CUDA_SUCCESS and var error ? error : _coreDumps.Get(attrib, (byte*)value, size);

    /// <summary>No core dumps are written: they cannot be switched on.</summary>
    public override CUresult cuCoredumpSetAttribute(CUcoredumpSettings attrib, void* value, nuint* size) =>
        Enter(out DriverContext context) is not CUDA_SUCCESS and var error ? error : DumpsOf(context).Set(attrib, (byte*)value, size);

    /// <inheritdoc/>
    public override CUresult cuCoredumpSetAttributeGlobal(CUcoredumpSettings attrib, void* value, nuint* size) =>
        Ready is not CUDA_SUCCESS and var error ? error : _coreDumps.Set(attrib, (byte*)value, size);

    /// <summary>As every driver since CUDA 11.</summary>
    public override CUresult cuProfilerInitialize(byte* configFile, byte* outputFile, CUoutput_mode outputMode) =>
        Ready is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_NOT_SUPPORTED;

    /// <summary>No other device writes into this one's memory, and its attributes say so.</summary>
    public override CUresult cuFlushGPUDirectRDMAWrites(CUflushGPUDirectRDMAWritesTarget target, CUflushGPUDirectRDMAWritesScope scope)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Enum.IsDefined(target) && Enum.IsDefined(scope) ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
    }

    private CoreDumpSettings DumpsOf(DriverContext context) => context.CoreDumps(_coreDumps);
}
