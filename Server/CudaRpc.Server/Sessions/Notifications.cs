using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// Functions of a session's client that the driver calls of its own accord, by the client's ids of them. Each is one registration at the
/// driver, which ends with the session at the latest. Any thread.
/// </summary>
internal sealed unsafe class Notifications(CudaDriver driver, HostChannel host)
{
    private readonly ConcurrentDictionary<nint, Registration> _registrations = new();

    /// <summary>Registers a function under a new id; the driver's handle of it, or its refusal.</summary>
    public CUresult Add(nint id, int device, long callback, out nint native)
    {
        HostFunction function = host.CreateFunction(0, callback, isLast: false);
        CUasyncCallbackHandle handle;
        CUresult status = driver.cuDeviceRegisterAsyncNotification(device, &Notify, function.UserData, &handle);
        native = handle.Value;
        if (status != CUresult.CUDA_SUCCESS)
        {
            host.Free(function);
        }
        else if (!_registrations.TryAdd(id, new Registration(device, native, function)))
        {
            // Another lane was faster with the same id, which is a protocol error that its caller finds.
            End(new Registration(device, native, function));
        }

        return status;
    }

    /// <summary>Ends a registration on that device. An id that is none, or no more, is an invalid value, as in CUDA.</summary>
    public CUresult Remove(nint id, int device)
    {
        bool found = _registrations.TryGetValue(id, out Registration registration) && registration.Device == device
            && _registrations.TryRemove(id, out registration);
        return found ? End(registration) : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>The session ends: the driver calls none of them any more.</summary>
    public void Clear()
    {
        foreach (nint id in _registrations.Keys)
        {
            if (_registrations.TryRemove(id, out Registration registration))
            {
                End(registration);
            }
        }
    }

    // The driver is not in the function any more when it has unregistered it: no program could free its data otherwise.
    private CUresult End(in Registration registration)
    {
        CUresult status = driver.cuDeviceUnregisterAsyncNotification(registration.Device, new CUasyncCallbackHandle(registration.Native));
        host.Free(registration.Function);
        return status;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Notify(CUasyncNotificationInfo* info, void* userData, CUasyncCallbackHandle callback)
    {
        // SAFETY: the driver's pointer is good for the time of the call.
        if (HostFunction.Of(userData) is HostFunction function)
        {
            function.Channel.Notify(function.Callback, *info);
        }
    }

    private readonly record struct Registration(int Device, nint Native, HostFunction Function);
}
