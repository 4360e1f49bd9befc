using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits the C entry points of the shim: every name of the header, forwarding to <c>Entry.Driver</c>, which is null where a call
/// must not be made. A few functions are hand-written in <c>Entry</c>.
/// </summary>
internal static class ExportsEmitter
{
    private const string Namespace = "CudaRpc.Native";

    /// <summary>
    /// Functions that <c>Entry</c> answers: those that work without cuInit, and those that end a context, of which the shim keeps something.
    /// </summary>
    public static readonly IReadOnlyCollection<string> OfEntry = new HashSet<string>
    {
        "cuCtxDestroy", "cuCtxDestroy_v2", "cuDevicePrimaryCtxRelease", "cuDevicePrimaryCtxRelease_v2", "cuDevicePrimaryCtxReset",
        "cuDevicePrimaryCtxReset_v2", "cuDriverGetVersion", "cuGetErrorName", "cuGetErrorString", "cuGetExportTable", "cuGetProcAddress",
        "cuGetProcAddress_v2", "cuInit",
    };

    public static IEnumerable<GeneratedFile> Emit(CApi api)
    {
        // What the header does not have is no entry point of its CUDA.
        api = api with { Functions = new(api.Functions.Where(function => !function.Supplied)) };
        yield return new("Exports.g.cs", Addresses(api));
        foreach ((string group, IReadOnlyList<CFunction> members) in HeaderGroups.Split(api))
        {
            CodeWriter code = CSharp.File(
                api.Version, Namespace, "System", "System.Runtime.CompilerServices", "System.Runtime.InteropServices", "CudaRpc.Driver");
            code.Open("internal static unsafe partial class Exports");
            foreach (CFunction function in members)
            {
                Method(code, function);
                code.Line();
            }

            code.Close();
            yield return new($"Exports.{group}.g.cs", code.ToString());
        }
    }

    // [UnmanagedCallersOnly(EntryPoint = "cuCtxSynchronize", CallConvs = [typeof(CallConvCdecl)])]
    // private static CUresult cuCtxSynchronize()
    // {
    //     try
    //     {
    //         return Entry.Driver is { } driver ? driver.cuCtxSynchronize() : Entry.NoDriver;
    //     }
    //     catch (Exception failure)
    //     {
    //         return Entry.Failed(failure, "cuCtxSynchronize");
    //     }
    // }
    private static void Method(CodeWriter code, CFunction function)
    {
        string call = $"{function.Name}({string.Join(", ", CSharp.Arguments(function))})";
        code.Line($"[UnmanagedCallersOnly(EntryPoint = \"{function.Name}\", CallConvs = [typeof(CallConvCdecl)])]");
        code.List($"private static CUresult {function.Name}(", CSharp.Parameters(function), ")");
        code.Open();
        code.Open("try");
        code.Fill(OfEntry.Contains(function.Name)
            ? $"return Entry.{call};"
            : $"return Entry.Driver is {{ }} driver ? driver.{call} : Entry.NoDriver;");
        code.Close();
        code.Open("catch (Exception failure)");
        code.Line($"return Entry.Failed(failure, \"{function.Name}\");");
        code.Close();
        code.Close();
    }

    // "cuInit" => (nint)(delegate* unmanaged[Cdecl]<uint, CUresult>)&cuInit,
    private static string Addresses(CApi api)
    {
        CodeWriter code = CSharp.File(api.Version, Namespace, "CudaRpc.Driver");
        code.Line("/// <summary>The C entry points. Nothing crosses them as an exception.</summary>");
        code.Open("internal static unsafe partial class Exports");
        code.Line("/// <summary>The address of an entry point by its exact name, 0 where there is none.</summary>");
        code.Open("public static nint Address(string name) => name switch");
        foreach (CFunction function in api.Functions)
        {
            IEnumerable<string> types = function.Parameters.Select(parameter => CSharp.Type(parameter.Type)).Append("CUresult");
            code.Fill($"\"{function.Name}\" => (nint)(delegate* unmanaged[Cdecl]<{string.Join(", ", types)}>)&{function.Name},");
        }

        code.Line("_ => 0,");
        code.Close(";");
        code.Close();
        return code.ToString();
    }
}
