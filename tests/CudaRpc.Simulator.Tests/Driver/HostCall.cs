using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Actions as host functions and stream callbacks. Each datum is good for one call.</summary>
internal static unsafe class HostCall
{
    public static delegate* unmanaged[Cdecl]<void*, void> Function => &Invoke;

    /// <summary>For data that are good for any number of calls.</summary>
    public static delegate* unmanaged[Cdecl]<void*, void> Repeated => &InvokeAgain;

    public static delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> Callback => &InvokeCallback;

    public static void* Data(Delegate action) => (void*)GCHandle.ToIntPtr(GCHandle.Alloc(action));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Invoke(void* data) => ((Action)Take(data))();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void InvokeCallback(CUstream stream, CUresult status, void* data) =>
        ((Action<CUstream, CUresult>)Take(data))(stream, status);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void InvokeAgain(void* data) => ((Action)GCHandle.FromIntPtr((nint)data).Target!)();

    private static object Take(void* data)
    {
        GCHandle handle = GCHandle.FromIntPtr((nint)data);
        object action = handle.Target!;
        handle.Free();
        return action;
    }
}
