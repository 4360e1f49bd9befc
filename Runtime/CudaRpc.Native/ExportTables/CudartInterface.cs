using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>CUDART_INTERFACE: primary contexts before they are retained, and the way CUDA 11 loads modules.</summary>
internal static unsafe class CudartInterface
{
    /// <summary>The table; 12 is called once by some runtimes of CUDA 13.</summary>
    public static readonly nint* Table = ExportTable.Sized(
        13,
        (1, Exports.Address("cuModuleLoadData")),
        (2, (nint)(delegate* unmanaged[Cdecl]<CUcontext*, int, CUresult>)&PrimaryContext),
        (6, (nint)(delegate* unmanaged[Cdecl]<CUmodule*, void*, void*, void*, uint, CUresult>)&LoadModule),
        (7, (nint)(delegate* unmanaged[Cdecl]<void*, void>)&Unregistered),
        (8, (nint)(delegate* unmanaged[Cdecl]<void*, CUmodule*, void*, void*, uint, CUresult>)&LoadFatBinary),
        (12, (nint)(delegate* unmanaged[Cdecl]<CUresult>)&LoadCompiler));

    // The handle may be made current, and later retained; asking for it does neither.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult PrimaryContext(CUcontext* context, int device)
    {
        try
        {
            return Entry.Driver is { } driver ? driver.PrimaryContextHandle(context, device) : Entry.NoDriver;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "CUDART_INTERFACE[2]");
        }
    }

    // Runtimes have been seen to pass 0 for the last three; what they mean is not known.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult LoadModule(CUmodule* module, void* wrapper, void* unknown, void* unknownToo, uint count) => Load(module, wrapper);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult LoadFatBinary(void* header, CUmodule* module, void* unknown, void* unknownToo, uint count) => Load(module, header);

    // Told at exit, once per image. Nothing of it is kept here.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Unregistered(void* wrapper)
    {
    }

    // The compiler is the server's.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult LoadCompiler() => CUresult.CUDA_SUCCESS;

    private static CUresult Load(CUmodule* module, void* image)
    {
        try
        {
            return Entry.Driver is { } driver ? driver.cuModuleLoadData(module, image) : Entry.NoDriver;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "CUDART_INTERFACE[6]");
        }
    }
}
