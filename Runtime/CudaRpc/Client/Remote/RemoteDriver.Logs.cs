using CudaRpc.Driver;

namespace CudaRpc.Client;

// The program's own log of its calls that failed, whoever found out. The server keeps none for it.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuLogsRegisterCallback(
        delegate* unmanaged[Cdecl]<void*, CUlogLevel, byte*, nuint, void> callbackFunc, void* userData, CUlogsCallbackHandle* callback_out) =>
        Local(_session.Errors.Register(callbackFunc, userData, callback_out));

    /// <inheritdoc/>
    public override CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle callback) => Local(_session.Errors.Unregister(callback));

    /// <inheritdoc/>
    public override CUresult cuLogsCurrent(uint* iterator_out, uint flags) => Local(_session.Errors.Current(iterator_out, flags));

    /// <inheritdoc/>
    public override CUresult cuLogsDumpToFile(uint* iterator, byte* pathToFile, uint flags) =>
        Local(_session.Errors.Dump(iterator, pathToFile, flags));

    /// <inheritdoc/>
    public override CUresult cuLogsDumpToMemory(uint* iterator, byte* buffer, nuint* size, uint flags) =>
        Local(_session.Errors.Dump(iterator, buffer, size, flags));
}
