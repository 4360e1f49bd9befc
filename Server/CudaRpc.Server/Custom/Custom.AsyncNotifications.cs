using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Functions of the client that the driver calls of its own accord.
internal static unsafe partial class Custom
{
    public static void cuDeviceRegisterAsyncNotification(CudaDriver driver, ref ServerCall call)
    {
        int device = call.ReadInt32();
        nint id = call.ReadNewHandle(HandleKind.CUasyncCallbackHandle);
        long callback = call.ReadInt64();
        if (!call.Begin())
        {
            return;
        }

        CUresult status = call.Session.Notifications.Add(id, device, callback, out nint native);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, native);
        }

        call.Reply(status);
    }

    public static void cuDeviceUnregisterAsyncNotification(CudaDriver driver, ref ServerCall call)
    {
        int device = call.ReadInt32();
        call.ReadHandle(HandleKind.CUasyncCallbackHandle, out nint id);
        if (!call.Begin())
        {
            return;
        }

        CUresult status = call.Session.Notifications.Remove(id, device);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Release(id);
        }

        call.Reply(status);
    }
}
