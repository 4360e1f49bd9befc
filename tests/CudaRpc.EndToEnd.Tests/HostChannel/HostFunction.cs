using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>A function that a stream calls, written as a delegate; it is called as often as the stream likes.</summary>
internal sealed unsafe class HostFunction : IDisposable
{
    private readonly Action<CUstream, CUresult> _action;
    private GCHandle _self;

    public HostFunction(Action action)
        : this((_, _) => action())
    {
    }

    public HostFunction(Action<CUstream, CUresult> action)
    {
        _action = action;
        _self = GCHandle.Alloc(this);
    }

    public static delegate* unmanaged[Cdecl]<void*, void> Function => &Call;

    public static delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> Callback => &CallBack;

    public void* Data => (void*)GCHandle.ToIntPtr(_self);

    public void Dispose() => _self.Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Call(void* data) => ((HostFunction)GCHandle.FromIntPtr((nint)data).Target!)._action(default, CUresult.CUDA_SUCCESS);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallBack(CUstream stream, CUresult status, void* data) =>
        ((HostFunction)GCHandle.FromIntPtr((nint)data).Target!)._action(stream, status);
}
