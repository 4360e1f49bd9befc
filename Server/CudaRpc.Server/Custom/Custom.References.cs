using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// References that a module declares end with it.
internal static unsafe partial class Custom
{
    public static void cuModuleGetTexRef(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUtexref);
        var module = new CUmodule(call.ReadHandle(HandleKind.CUmodule, out nint parent));
        byte* name = call.ReadString();
        if (!call.Begin())
        {
            return;
        }

        CUtexref reference = default;
        ReplyCreated(ref call, driver.cuModuleGetTexRef(&reference, module, name), id, reference.Value, parent);
    }

    public static void cuModuleGetSurfRef(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUsurfref);
        var module = new CUmodule(call.ReadHandle(HandleKind.CUmodule, out nint parent));
        byte* name = call.ReadString();
        if (!call.Begin())
        {
            return;
        }

        CUsurfref reference = default;
        ReplyCreated(ref call, driver.cuModuleGetSurfRef(&reference, module, name), id, reference.Value, parent);
    }
}
