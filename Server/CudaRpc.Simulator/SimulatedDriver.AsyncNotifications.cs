using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Functions that the driver calls of its own accord. The simulated devices have no budget to be over, so none is ever called.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuDeviceRegisterAsyncNotification(
        int device,
        delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void> callbackFunc,
        void* userData,
        CUasyncCallbackHandle* callback)
    {
        if (EnterDevice(device, out SimulatedDevice on) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (callbackFunc == null || callback == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nint handle = _handles.Add(new DriverNotification(on));
        return handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(callback, new CUasyncCallbackHandle(handle));
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceUnregisterAsyncNotification(int device, CUasyncCallbackHandle callback)
    {
        if (EnterDevice(device, out SimulatedDevice on) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _handles.TryGet(callback.Value, out DriverNotification? found) && found.Device == on
            && _handles.Remove<DriverNotification>(callback.Value, out _) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }
}
