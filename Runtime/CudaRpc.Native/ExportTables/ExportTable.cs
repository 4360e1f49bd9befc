using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>
/// The tables of undocumented functions that the CUDA runtime and NVIDIA's libraries ask <c>cuGetExportTable</c> for: each is known by a UUID
/// and lies at one address for the life of the process. docs/shim.md names them.
/// </summary>
internal static unsafe class ExportTable
{
    /// <summary>The table with this id (16 bytes), or null: one that no program known to us needs.</summary>
    public static nint* Find(byte* id) => Convert.ToHexStringLower(new ReadOnlySpan<byte>(id, 16)) switch
    {
        "6bd5fb6c5bf4e74a8987d93912fd9df9" => CudartInterface.Table,
        "a094798c2e742e7493f20800200c0a66" => ToolsHooks.Table,
        "42d85a8123f6cb478298f6e78a3aecdc" => ToolsHooks.ThreadTable,
        "c693336e1121df11a8c368f355d89593" => ContextLocalStorage.Table,
        "263e88607cd2614392f6bbd5006dfa7e" => ContextTools.ChecksTable,
        "d4082055bde6704b8d34ba123c66e1f2" => IntegrityCheck.Table,
        "21318c60971432488ca641ff7324c8f2" => ContextTools.Table,
        "6e163fbeb958444d835ce182aff1991e" => ModuleTools.Table,
        "0ca50b8c1004929a89a7d0df10e77286" => ContextTools.CreateTable,
        _ => null,
    };

    /// <summary>
    /// A table whose element 0 is its size in bytes. Functions that nobody is known to call answer CUDA_ERROR_NOT_SUPPORTED.
    /// </summary>
    /// <param name="slots">Elements, the size included: as many as the driver 580 has, so that nobody reads beyond the end.</param>
    /// <param name="functions">Those that do something.</param>
    public static nint* Sized(int slots, params ReadOnlySpan<(int Slot, nint Function)> functions)
    {
        nint* table = Allocate(slots);
        table[0] = slots * sizeof(nint);
        for (int slot = 1; slot < slots; slot++)
        {
            table[slot] = (nint)(delegate* unmanaged[Cdecl]<CUresult>)&NotSupported;
        }
        foreach ((int slot, nint function) in functions)
        {
            table[slot] = function;
        }
        return table;
    }

    /// <summary>Zeroed elements that are never freed.</summary>
    public static nint* Allocate(int slots) => (nint*)NativeMemory.AllocZeroed((nuint)slots, (nuint)sizeof(nint));

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static CUresult NotSupported() => CUresult.CUDA_ERROR_NOT_SUPPORTED;
}
