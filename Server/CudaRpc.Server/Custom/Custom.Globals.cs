using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Variables of modules. A managed one lies where the server's driver has put it, and the program would take the address for its own memory.
internal static unsafe partial class Custom
{
    public static void cuModuleGetGlobal_v2(CudaDriver driver, ref ServerCall call)
    {
        bool wantsAddress = call.ReadBoolean();
        bool wantsBytes = call.ReadBoolean();
        var module = new CUmodule(call.ReadHandle(HandleKind.CUmodule));
        byte* name = call.ReadString();
        if (call.Begin())
        {
            CUdeviceptr address;
            nuint bytes;
            CUresult status = driver.cuModuleGetGlobal_v2(&address, &bytes, module, name);
            ReplyVariable(driver, ref call, status, wantsAddress, address, wantsBytes, bytes);
        }
    }

    public static void cuLibraryGetGlobal(CudaDriver driver, ref ServerCall call)
    {
        bool wantsAddress = call.ReadBoolean();
        bool wantsBytes = call.ReadBoolean();
        var library = new CUlibrary(call.ReadHandle(HandleKind.CUlibrary));
        byte* name = call.ReadString();
        if (call.Begin())
        {
            CUdeviceptr address;
            nuint bytes;
            CUresult status = driver.cuLibraryGetGlobal(&address, &bytes, library, name);
            ReplyVariable(driver, ref call, status, wantsAddress, address, wantsBytes, bytes);
        }
    }

    private static void ReplyVariable(
        CudaDriver driver, ref ServerCall call, CUresult status, bool wantsAddress, CUdeviceptr address, bool wantsBytes, nuint bytes)
    {
        if (status == CUresult.CUDA_SUCCESS && wantsAddress && IsManaged(driver, address))
        {
            status = CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        if (!call.Reply(status))
        {
            return;
        }

        if (wantsAddress)
        {
            call.Write(address.Value);
        }

        if (wantsBytes)
        {
            call.Write(bytes);
        }
    }

    private static bool IsManaged(CudaDriver driver, CUdeviceptr address)
    {
        uint managed = 0;
        return driver.cuPointerGetAttribute(&managed, CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_MANAGED, address) == CUresult.CUDA_SUCCESS
            && managed != 0;
    }
}
