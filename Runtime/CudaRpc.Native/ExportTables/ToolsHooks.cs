using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>TOOLS_RUNTIME_CALLBACK_HOOKS and TOOLS_TLS: where a profiler would switch on its callbacks. Nobody does.</summary>
internal static unsafe class ToolsHooks
{
    // What drivers answer; a runtime refuses to start with fewer.
    private const int Callbacks = 1024;
    private const int Domains = 14;

    /// <summary>TOOLS_RUNTIME_CALLBACK_HOOKS. The functions besides 2 and 6 are called for flags that are set, so never.</summary>
    public static readonly nint* Table = ExportTable.Sized(
        7,
        (1, (nint)(delegate* unmanaged[Cdecl]<CUresult>)&Nothing),
        (2, (nint)(delegate* unmanaged[Cdecl]<void**, nuint*, void>)&CallbackFlags),
        (3, (nint)(delegate* unmanaged[Cdecl]<CUresult>)&Nothing),
        (4, (nint)(delegate* unmanaged[Cdecl]<CUresult>)&Nothing),
        (5, (nint)(delegate* unmanaged[Cdecl]<CUresult>)&Nothing),
        (6, (nint)(delegate* unmanaged[Cdecl]<void**, nuint*, void>)&DomainFlags));

    /// <summary>TOOLS_TLS: function 2 is the calling thread's current context.</summary>
    public static readonly nint* ThreadTable = ExportTable.Sized(3, (2, Exports.Address("cuCtxGetCurrent")));

    // One u32 per function of the runtime.
    private static readonly void* s_callbackFlags = NativeMemory.AllocZeroed(Callbacks, sizeof(uint));
    private static readonly void* s_domainFlags = NativeMemory.AllocZeroed(Domains, sizeof(ulong));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallbackFlags(void** flags, nuint* count)
    {
        *flags = s_callbackFlags;
        *count = Callbacks;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DomainFlags(void** flags, nuint* count)
    {
        *flags = s_domainFlags;
        *count = Domains;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Nothing() => CUresult.CUDA_SUCCESS;
}
