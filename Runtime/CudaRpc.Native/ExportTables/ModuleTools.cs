using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>MODULE_TOOLS: cuFFT walks through the kernels of its modules by function 7.</summary>
internal static unsafe class ModuleTools
{
    /// <summary>The table.</summary>
    public static readonly nint* Table = ExportTable.Sized(
        99,
        (7, (nint)(delegate* unmanaged[Cdecl]<CUcontext, CUmodule, delegate* unmanaged[Cdecl]<void*, CUfunction, ulong, void>, void*, int>)
            &EachFunction));

    // Not 0 is success. The callbacks run on the calling thread and may call the driver.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int EachFunction(
        CUcontext context, CUmodule module, delegate* unmanaged[Cdecl]<void*, CUfunction, ulong, void> callback, void* user)
    {
        try
        {
            if (Entry.Driver is not { } driver) return 0;
            uint count;
            if (driver.cuModuleGetFunctionCount(&count, module) != CUresult.CUDA_SUCCESS) return 0;
            var functions = new CUfunction[count];
            fixed (CUfunction* first = functions)
            {
                if (count > 0 && driver.cuModuleEnumerateFunctions(first, count, module) != CUresult.CUDA_SUCCESS) return 0;
            }
            foreach (CUfunction function in functions) callback(user, function, 0);
            return 1;
        }
        catch (Exception failure)
        {
            _ = Entry.Failed(failure, "MODULE_TOOLS[7]");
            return 0;
        }
    }
}
