using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Functions of the client that streams call.
internal static unsafe partial class Custom
{
    public static void cuLaunchHostFunc(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        long callback = call.ReadInt64();
        if (!call.Begin())
        {
            Unused(ref call, callback);
            return;
        }

        HostFunction function = call.Session.Host.CreateFunction(call.ContextOf(stream), callback, isLast: true);
        call.Reply(Given(ref call, function, driver.cuLaunchHostFunc(stream, &CallFunction, function.UserData)));
    }

    public static void cuStreamAddCallback(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        long callback = call.ReadInt64();
        if (!call.Begin())
        {
            Unused(ref call, callback);
            return;
        }

        HostFunction function = call.Session.Host.CreateFunction(call.ContextOf(stream), callback, isLast: true);
        call.Reply(Given(ref call, function, driver.cuStreamAddCallback(stream, &CallBack, function.UserData, 0)));
    }

    // A region or function of a call that is not carried out.
    private static void Unused(ref ServerCall call, long target)
    {
        if (target != 0)
        {
            call.Session.Host.Drop(target);
        }
    }

    private static CUresult Given(ref ServerCall call, HostFunction function, CUresult status)
    {
        if (status != CUresult.CUDA_SUCCESS)
        {
            call.Session.Host.Free(function);
            call.Session.Host.Drop(function.Callback);
        }

        return status;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallFunction(void* userData) => Run(HostFunction.Of(userData), CUresult.CUDA_SUCCESS);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallBack(CUstream stream, CUresult status, void* userData) => Run(HostFunction.Of(userData), status);

    private static void Run(HostFunction? function, CUresult status)
    {
        if (function is null)
        {
            return;
        }

        // The function may look at what copies of its graph have brought, and change what others will take.
        function.Graph?.Push();
        function.Channel.Call(function.Callback, status, function.IsLast);
        function.Graph?.Pull();
        if (function.IsLast)
        {
            function.Channel.Free(function);
        }
    }
}
