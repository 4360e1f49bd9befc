using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Emits <c>CudaDriver</c>: one virtual method per function.</summary>
internal static class ContractEmitter
{
    private const string Namespace = "CudaRpc.Driver";

    public static IEnumerable<GeneratedFile> Emit(CApi api)
    {
        yield return new("CudaDriver.g.cs", Head(api));
        HashSet<string> names = [.. api.Functions.Select(function => function.Name)];
        foreach ((string group, IReadOnlyList<CFunction> members) in HeaderGroups.Split(api))
        {
            CodeWriter code = CSharp.File(api, Namespace);
            code.Open("public abstract unsafe partial class CudaDriver");
            foreach (CFunction function in members)
            {
                Method(code, function, names);
                code.Line();
            }

            code.Close();
            yield return new($"CudaDriver.{group}.g.cs", code.ToString());
        }
    }

    private static string Head(CApi api)
    {
        CodeWriter code = CSharp.File(api, Namespace);
        code.Line("/// <summary>");
        code.Line("/// The CUDA driver API: one method per exported function, with its C name and signature, whose default answer is");
        code.Line("/// <see cref=\"CUresult.CUDA_ERROR_NOT_SUPPORTED\"/>.");
        code.Line("/// </summary>");
        code.Line("/// <remarks>Bodies keep C's contract: they may be called from any thread, fill outs only on success, and do not throw.</remarks>");
        code.Open("public abstract unsafe partial class CudaDriver");
        if (api.Handles.Any(handle => handle.Name == "CUstream"))
        {
            code.Line("// A _ptsz function takes stream 0 for the calling thread's own default stream, CU_STREAM_PER_THREAD.");
            code.Line("private static CUstream PerThread(CUstream hStream) => hStream.Value == 0 ? new CUstream(2) : hStream;");
        }

        code.Close();
        return code.ToString();
    }

    // public virtual CUresult cuStreamQuery_ptsz(CUstream hStream) =>
    //     cuStreamQuery(PerThread(hStream));
    private static void Method(CodeWriter code, CFunction function, HashSet<string> names)
    {
        string body = "CUresult.CUDA_ERROR_NOT_SUPPORTED";
        code.Summary($"<c>{CSharp.Xml(CSharp.Declaration(function))}</c>");
        if (Twins.BaseName(function.Name) is { } twin && names.Contains(twin))
        {
            code.Line($"/// <remarks><see cref=\"{twin}\"/> for programs whose default stream is per thread; forwards to it.</remarks>");
            body = Forward(function, twin);
        }

        code.List($"public virtual CUresult {function.Name}(", CSharp.Parameters(function), ") =>");
        code.Continue($"{body};");
    }

    private static string Forward(CFunction function, string to)
    {
        IEnumerable<string> arguments = function.Parameters.Select(parameter =>
            parameter.Type is CType.Handle { Name: "CUstream" }
                ? $"PerThread({CSharp.Identifier(parameter.Name)})"
                : CSharp.Identifier(parameter.Name));
        return $"{to}({string.Join(", ", arguments)})";
    }
}
