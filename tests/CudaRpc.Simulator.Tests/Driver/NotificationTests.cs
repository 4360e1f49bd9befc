using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Functions that want to be told of what happens on a device.</summary>
public sealed unsafe class NotificationTests
{
    [Fact]
    public void Registration_HasAHandleUntilItEnds()
    {
        using var bench = new Bench(devices: 2, withContext: false);
        CUasyncCallbackHandle first, second;
        Bench.Must(bench.Driver.cuDeviceRegisterAsyncNotification(0, &Ignore, null, &first));
        Bench.Must(bench.Driver.cuDeviceRegisterAsyncNotification(0, &Ignore, null, &second));

        Assert.NotEqual(first, second);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceUnregisterAsyncNotification(1, first));
        Bench.Must(bench.Driver.cuDeviceUnregisterAsyncNotification(0, first));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceUnregisterAsyncNotification(0, first));
        Bench.Must(bench.Driver.cuDeviceUnregisterAsyncNotification(0, second));
    }

    [Fact]
    public void BadArguments_AreRefused()
    {
        using var bench = new Bench();
        CUasyncCallbackHandle handle;

        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDeviceRegisterAsyncNotification(1, &Ignore, null, &handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceRegisterAsyncNotification(0, null, null, &handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceRegisterAsyncNotification(0, &Ignore, null, null));
        Assert.Equal(CUDA_ERROR_INVALID_DEVICE, bench.Driver.cuDeviceUnregisterAsyncNotification(1, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuDeviceUnregisterAsyncNotification(0, new CUasyncCallbackHandle(bench.Context.Value)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(CUasyncNotificationInfo* info, void* userData, CUasyncCallbackHandle callback)
    {
    }
}
