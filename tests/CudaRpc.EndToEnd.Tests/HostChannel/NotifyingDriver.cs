using System.Collections.Concurrent;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>A driver that has something to say of its devices, as the real one may.</summary>
internal sealed unsafe class NotifyingDriver : FakeDriver
{
    private readonly ConcurrentDictionary<nint, (int Device, nint Function, nint Data)> _registered = new();
    private long _last = 0x5000;

    /// <summary>What registering answers.</summary>
    public CUresult Answer { get; set; }

    public int Registered => _registered.Count;

    public override CUresult cuDeviceRegisterAsyncNotification(
        int device,
        delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void> callbackFunc,
        void* userData,
        CUasyncCallbackHandle* callback)
    {
        if (Answer == CUresult.CUDA_SUCCESS)
        {
            *callback = new CUasyncCallbackHandle((nint)Interlocked.Increment(ref _last));
            _registered[callback->Value] = (device, (nint)callbackFunc, (nint)userData);
        }

        return Answer;
    }

    public override CUresult cuDeviceUnregisterAsyncNotification(int device, CUasyncCallbackHandle callback) =>
        _registered.TryRemove(callback.Value, out (int Device, nint, nint) known) && known.Device == device
            ? CUresult.CUDA_SUCCESS
            : CUresult.CUDA_ERROR_INVALID_VALUE;

    /// <summary>Tells all who asked that a device is over its budget.</summary>
    public void Say(int device, ulong bytes)
    {
        foreach ((nint handle, (int on, nint function, nint data)) in _registered)
        {
            if (on == device)
            {
                var info = new CUasyncNotificationInfo { type = CUasyncNotificationType.CU_ASYNC_NOTIFICATION_TYPE_OVER_BUDGET };
                info.info.overBudget.bytesOverBudget = bytes;
                ((delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void>)function)(
                    &info, (void*)data, new CUasyncCallbackHandle(handle));
            }
        }
    }
}
