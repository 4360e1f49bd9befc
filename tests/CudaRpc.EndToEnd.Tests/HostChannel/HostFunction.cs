using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>
/// A function that a stream calls, written as a delegate; it is called as often as the stream likes. What the delegate throws is thrown when
/// it is disposed: out of the stream's call it would end the whole run of the tests, without a word of which one it was.
/// </summary>
internal sealed unsafe class HostFunction : IDisposable
{
    private readonly Action<CUstream, CUresult> _action;
    private GCHandle _self;
    private Exception? _failure;

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

    public void Dispose()
    {
        _self.Free();
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Call(void* data) => Run(default, CUresult.CUDA_SUCCESS, data);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallBack(CUstream stream, CUresult status, void* data) => Run(stream, status, data);

    private static void Run(CUstream stream, CUresult status, void* data)
    {
        var function = (HostFunction)GCHandle.FromIntPtr((nint)data).Target!;
        function._failure = Record.Exception(() => function._action(stream, status)) ?? function._failure;
    }
}
