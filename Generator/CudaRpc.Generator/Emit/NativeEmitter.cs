using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Emits <c>NativeDriver</c>: every function as a call through a pointer into the machine's own driver.</summary>
internal static class NativeEmitter
{
    public static IEnumerable<GeneratedFile> Emit(CApi api)
    {
        foreach ((string group, IReadOnlyList<CFunction> members) in HeaderGroups.Split(api))
        {
            CodeWriter code = CSharp.File(api.Version, "CudaRpc.Driver");
            code.Open("public sealed unsafe partial class NativeDriver");
            foreach (CFunction function in members)
            {
                Method(code, function);
                code.Line();
            }

            code.Close();
            yield return new($"NativeDriver.{group}.g.cs", code.ToString());
        }
    }

    // public override CUresult cuInit(uint Flags) =>
    //     Find(ref _cuInit, "cuInit")
    //         ? ((delegate* unmanaged[Cdecl]<uint, CUresult>)_cuInit)(Flags)
    //         : CUresult.CUDA_ERROR_NOT_SUPPORTED;
    private static void Method(CodeWriter code, CFunction function)
    {
        string name = function.Name;
        IReadOnlyList<string> types = [.. function.Parameters.Select(parameter => CSharp.Type(parameter.Type)), "CUresult"];
        code.Line($"private nint _{name};");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.List($"public override CUresult {name}(", CSharp.Parameters(function), ") =>");
        code.Indent();
        code.Line($"Find(ref _{name}, \"{name}\")");
        code.Indent();
        code.Fill($"? ((delegate* unmanaged[Cdecl]<{string.Join(", ", types)}>)_{name})({string.Join(", ", CSharp.Arguments(function))})");
        code.Line(": CUresult.CUDA_ERROR_NOT_SUPPORTED;");
        code.Unindent();
        code.Unindent();
    }
}
