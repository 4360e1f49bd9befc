using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>CONTEXT_CHECKS, by which a runtime asks whether a context is fit for use, and CONTEXT_TOOLS, which identifies contexts.</summary>
internal static unsafe class ContextTools
{
    /// <summary>CONTEXT_CHECKS.</summary>
    public static readonly nint* ChecksTable = ExportTable.Sized(
        15,
        (2, (nint)(delegate* unmanaged[Cdecl]<CUcontext, uint*, void**, CUresult>)&Check),
        (3, (nint)(delegate* unmanaged[Cdecl]<uint>)&CheckNothing));

    /// <summary>CONTEXT_TOOLS: cuBLASLt and cuFFT key their kernels by the id of function 4.</summary>
    public static readonly nint* Table = ExportTable.Sized(
        93,
        (3, (nint)(delegate* unmanaged[Cdecl]<CUcontext, int*, CUresult>)&Device),
        (4, Exports.Address("cuCtxGetId")));

    /// <summary>CTX_CREATE_BYPASS: its one function makes a context as cuCtxCreate does.</summary>
    public static readonly nint* CreateTable = ExportTable.Sized(2, (1, Exports.Address("cuCtxCreate_v2")));

    // No flag: nothing is wrong with it.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Check(CUcontext context, uint* flags, void** detail)
    {
        if (Entry.Driver is null) return Entry.NoDriver;
        *flags = 0;
        return CUresult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static uint CheckNothing() => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Device(CUcontext context, int* device)
    {
        try
        {
            return Entry.Driver is { } driver ? driver.cuCtxGetDevice_v2(device, context) : Entry.NoDriver;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "CONTEXT_TOOLS[3]");
        }
    }
}
