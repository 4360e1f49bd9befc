namespace CudaRpc.Simulator;

// What the driver says of faults and of images that it cannot load; it is told to the log that its maker gave it as well.
public unsafe partial class SimulatedDriver
{
    private readonly ErrorLog _errors = new();

    /// <inheritdoc/>
    public override CUresult cuLogsRegisterCallback(
        delegate* unmanaged[Cdecl]<void*, CUlogLevel, byte*, nuint, void> callbackFunc, void* userData, CUlogsCallbackHandle* callback_out) =>
        Ready is not CUDA_SUCCESS and var error ? error : _errors.Register(callbackFunc, userData, callback_out);

    /// <inheritdoc/>
    public override CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle callback) =>
        Ready is not CUDA_SUCCESS and var error ? error : _errors.Unregister(callback);

    /// <inheritdoc/>
    public override CUresult cuLogsCurrent(uint* iterator_out, uint flags) =>
        Ready is not CUDA_SUCCESS and var error ? error : _errors.Current(iterator_out, flags);

    /// <inheritdoc/>
    public override CUresult cuLogsDumpToFile(uint* iterator, byte* pathToFile, uint flags) =>
        Ready is not CUDA_SUCCESS and var error ? error : _errors.Dump(iterator, pathToFile, flags);

    /// <inheritdoc/>
    public override CUresult cuLogsDumpToMemory(uint* iterator, byte* buffer, nuint* size, uint flags) =>
        Ready is not CUDA_SUCCESS and var error ? error : _errors.Dump(iterator, buffer, size, flags);
}
