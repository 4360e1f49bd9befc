using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Functions of the program that a driver calls of its own accord.</summary>
public sealed unsafe class NotificationTests
{
    [Fact]
    public void WhatTheDriverSays_IsToldToThoseWhoAskedForTheDevice()
    {
        var gpu = new NotifyingDriver();
        using var server = new TestServer(() => gpu);
        using RemoteDriver driver = server.Connect();
        using Listener one = new(), other = new();
        CUasyncCallbackHandle first = one.Register(driver, 0);
        other.Register(driver, 1);

        gpu.Say(0, 12345);
        gpu.Say(1, ulong.MaxValue);
        gpu.Say(0, 6);

        Assert.Equal((CUasyncNotificationType.CU_ASYNC_NOTIFICATION_TYPE_OVER_BUDGET, 12345ul, first), one.Next());
        Assert.Equal(6ul, one.Next().Bytes);
        Assert.Equal(ulong.MaxValue, other.Next().Bytes);
        Assert.Empty(one.Heard);
    }

    [Fact]
    public void Unregistered_HearsNoMore_AndIsUnknown()
    {
        var gpu = new NotifyingDriver();
        using var server = new TestServer(() => gpu);
        using RemoteDriver driver = server.Connect();
        using Listener gone = new(), there = new();
        CUasyncCallbackHandle handle = gone.Register(driver, 0);
        there.Register(driver, 0);

        Cuda.Ok(driver.cuDeviceUnregisterAsyncNotification(0, handle));
        gpu.Say(0, 1);

        there.Next();
        Assert.Empty(gone.Heard);
        Assert.Equal(1, gpu.Registered);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuDeviceUnregisterAsyncNotification(0, handle));
    }

    [Fact]
    public void Function_ThatUnregistersItself_IsNotCalledAgain()
    {
        var gpu = new NotifyingDriver();
        using var server = new TestServer(() => gpu);
        using RemoteDriver driver = server.Connect();
        using Listener once = new(), there = new();
        once.Then = handle => Cuda.Ok(driver.cuDeviceUnregisterAsyncNotification(0, handle));
        once.Register(driver, 0);
        there.Register(driver, 0);

        gpu.Say(0, 1);
        there.Next();
        once.Next();
        Condition.Becomes(1, () => gpu.Registered);
        gpu.Say(0, 2);

        Assert.Equal(2ul, there.Next().Bytes);
        Assert.Empty(once.Heard);
    }

    [Fact]
    public void Session_ThatEnds_IsUnregistered()
    {
        var gpu = new NotifyingDriver();
        using var server = new TestServer(() => gpu);
        RemoteDriver driver = server.Connect();
        using var listener = new Listener();
        listener.Register(driver, 0);
        listener.Register(driver, 1);

        driver.Dispose();

        server.BecomesIdle();
        Assert.Equal(0, gpu.Registered);
        gpu.Say(0, 1);
        Assert.Empty(listener.Heard);
    }

    [Fact]
    public void DriverThatRefuses_IsBelieved()
    {
        var gpu = new NotifyingDriver { Answer = CUresult.CUDA_ERROR_NOT_PERMITTED };
        using var server = new TestServer(() => gpu);
        using RemoteDriver driver = server.Connect();
        CUasyncCallbackHandle handle;

        Assert.Equal(CUresult.CUDA_ERROR_NOT_PERMITTED, driver.cuDeviceRegisterAsyncNotification(0, Listener.Function, null, &handle));
    }

    [Fact]
    public void SimulatedGpu_GivesHandles_AndHasNothingToSay()
    {
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions { DeviceCount = 2 });
        using var server = new TestServer(() => new SimulatedDriver(gpu));
        using RemoteDriver driver = server.Connect();
        using var listener = new Listener();
        CUasyncCallbackHandle handle = listener.Register(driver, 0), none;

        Assert.NotEqual(handle, listener.Register(driver, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_DEVICE, driver.cuDeviceRegisterAsyncNotification(2, Listener.Function, null, &none));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuDeviceRegisterAsyncNotification(0, null, null, &none));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuDeviceRegisterAsyncNotification(0, Listener.Function, null, null));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_DEVICE, driver.cuDeviceUnregisterAsyncNotification(-1, handle));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuDeviceUnregisterAsyncNotification(1, handle));
        Cuda.Ok(driver.cuDeviceUnregisterAsyncNotification(0, handle));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuDeviceUnregisterAsyncNotification(0, handle));
    }

    /// <summary>A function that notes what it is told.</summary>
    private sealed class Listener : IDisposable
    {
        private GCHandle _self;

        public Listener() => _self = GCHandle.Alloc(this);

        public static delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void> Function => &Hear;

        public BlockingCollection<(CUasyncNotificationType Type, ulong Bytes, CUasyncCallbackHandle Handle)> Heard { get; } = [];

        /// <summary>What it does then.</summary>
        public Action<CUasyncCallbackHandle> Then { get; set; } = static _ => { };

        public CUasyncCallbackHandle Register(RemoteDriver driver, int device)
        {
            CUasyncCallbackHandle handle;
            Cuda.Ok(driver.cuDeviceRegisterAsyncNotification(device, Function, (void*)GCHandle.ToIntPtr(_self), &handle));
            return handle;
        }

        public (CUasyncNotificationType Type, ulong Bytes, CUasyncCallbackHandle Handle) Next()
        {
            Assert.True(Heard.TryTake(out (CUasyncNotificationType, ulong, CUasyncCallbackHandle) heard, Condition.Deadline));
            return heard;
        }

        public void Dispose()
        {
            _self.Free();
            Heard.Dispose();
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static void Hear(CUasyncNotificationInfo* info, void* userData, CUasyncCallbackHandle callback)
        {
            var listener = (Listener)GCHandle.FromIntPtr((nint)userData).Target!;
            listener.Heard.Add((info->type, info->info.overBudget.bytesOverBudget, callback));
            listener.Then(callback);
        }
    }
}
