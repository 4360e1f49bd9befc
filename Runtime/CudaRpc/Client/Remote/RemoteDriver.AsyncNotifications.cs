using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Functions of the program that a driver calls of its own accord: they stay here, and the server passes on what its driver says.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuDeviceRegisterAsyncNotification(
        int device,
        delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void> callbackFunc,
        void* userData,
        CUasyncCallbackHandle* callback)
    {
        if (Facts(device) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        if (callbackFunc == null || callback == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuDeviceRegisterAsyncNotification);
            call.Write(device);
            nint id = call.WriteNewHandle(HandleKind.CUasyncCallbackHandle);
            // Told of before the reply is here, it has its handle already.
            long number = _session.Host.Add(new HostCallback(callbackFunc, userData, new CUasyncCallbackHandle(id)));
            call.Write(number);
            CUresult status = call.Invoke();
            if (status != CUresult.CUDA_SUCCESS)
            {
                _session.Host.RemoveCallback(number);
                return status;
            }

            call.End();
            Handles.Add(id, new NotificationInfo(device, number));
            *callback = new CUasyncCallbackHandle(id);
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuDeviceRegisterAsyncNotification, failure);
        }
    }

    /// <summary>The function is not called any more when this returns, unless it is the caller.</summary>
    public override CUresult cuDeviceUnregisterAsyncNotification(int device, CUasyncCallbackHandle callback)
    {
        if (Facts(device) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        if (Handles.Find<NotificationInfo>(callback.Value) is not NotificationInfo info || info.Device != device)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuDeviceUnregisterAsyncNotification);
            call.Write(device);
            call.WriteHandle(callback.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                Handles.Forget(callback.Value);
                _session.Host.Find(info.Callback)?.End();
                _session.Host.RemoveCallback(info.Callback);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuDeviceUnregisterAsyncNotification, failure);
        }
    }
}
