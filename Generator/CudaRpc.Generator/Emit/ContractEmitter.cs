using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Emits <c>CudaDriver</c>: one virtual method per function.</summary>
internal static class ContractEmitter
{
    private const string Namespace = "CudaRpc.Driver";

    public static IEnumerable<GeneratedFile> Emit(Contract contract)
    {
        CApi api = contract.Api;
        Dictionary<string, Alias> aliases = contract.Aliases.ToDictionary(alias => alias.Name);
        yield return new("CudaDriver.g.cs", Head(api));
        HashSet<string> names = [.. api.Functions.Select(function => function.Name)];
        foreach ((string group, IReadOnlyList<CFunction> members) in HeaderGroups.Split(api))
        {
            CodeWriter code = CSharp.File(api.Version, Namespace);
            code.Open("public abstract unsafe partial class CudaDriver");
            foreach (CFunction function in members)
            {
                Method(code, function, api, names, aliases);
                code.Line();
            }

            code.Close();
            yield return new($"CudaDriver.{group}.g.cs", code.ToString());
        }
    }

    private static string Head(CApi api)
    {
        CodeWriter code = CSharp.File(api.Version, Namespace);
        code.Line("/// <summary>");
        code.Line("/// The CUDA driver API: one method per exported function, with its C name and signature, whose default answer is");
        code.Line("/// <see cref=\"CUresult.CUDA_ERROR_NOT_SUPPORTED\"/>.");
        code.Line("/// </summary>");
        code.Line("/// <remarks>Bodies keep C's contract: any thread may call, outs are filled only on success, nothing throws.</remarks>");
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
    private static void Method(
        CodeWriter code, CFunction function, CApi api, HashSet<string> names, Dictionary<string, Alias> aliases)
    {
        code.Summary($"<c>{CSharp.Xml(CSharp.Declaration(function))}</c>");
        if (aliases.TryGetValue(function.Name, out Alias? alias) && alias.Widened)
        {
            code.Line($"/// <remarks>The 32-bit form of <see cref=\"{alias.Target}\"/>, to which it forwards.</remarks>");
            WidenedMethod.Emit(code, function, alias, api);
        }
        else if (alias is not null)
        {
            code.Line($"/// <remarks>An older name of <see cref=\"{alias.Target}\"/>, to which it forwards.</remarks>");
            Method(code, function, Forward(function, alias.Target, parameter => CSharp.Identifier(parameter.Name)));
        }
        else if (Twins.BaseName(function.Name) is { } twin && names.Contains(twin))
        {
            code.Line($"/// <remarks><see cref=\"{twin}\"/> for programs whose default stream is per thread; forwards to it.</remarks>");
            (CParameter? parameter, CField field) = StreamInside(function, api);
            if (parameter is not null)
            {
                TwinOfStruct(code, function, twin, parameter, field);
            }
            else
            {
                Method(code, function, Forward(function, twin, PerThread));
            }
        }
        else
        {
            Method(code, function, "CUresult.CUDA_ERROR_NOT_SUPPORTED");
        }
    }

    private static void Method(CodeWriter code, CFunction function, string body)
    {
        code.List($"public virtual CUresult {function.Name}(", CSharp.Parameters(function), ") =>");
        code.Indent();
        code.Fill($"{body};");
        code.Unindent();
    }

    // CUlaunchConfig perThread = *config;
    private static void TwinOfStruct(CodeWriter code, CFunction function, string twin, CParameter parameter, CField field)
    {
        string name = CSharp.Identifier(parameter.Name);
        string stream = $"perThread.{CSharp.Identifier(field.Name)}";
        code.List($"public virtual CUresult {function.Name}(", CSharp.Parameters(function), ")");
        code.Open();
        code.Open($"if ({name} == null)");
        code.Line($"return {Forward(function, twin, item => CSharp.Identifier(item.Name))};");
        code.Close();
        code.Line();
        code.Line($"{CSharp.Type(((CType.Pointer)parameter.Type).To)} perThread = *{name};");
        code.Line($"{stream} = PerThread({stream});");
        code.Line($"return {Forward(function, twin, item => item == parameter ? "&perThread" : CSharp.Identifier(item.Name))};");
        code.Close();
    }

    // The struct that a function reads its stream from, if it does.
    private static (CParameter? Parameter, CField Field) StreamInside(CFunction function, CApi api)
    {
        foreach (CParameter parameter in function.Parameters)
        {
            if (parameter.Type is CType.Pointer { To: CType.Record named, Const: true }
                && api.Records.FirstOrDefault(record => record.Name == named.Name) is { } record
                && record.Fields.FirstOrDefault(field => field.Type is CType.Handle { Name: "CUstream" }) is { } field)
            {
                return (parameter, field);
            }
        }

        return default;
    }

    private static string Forward(CFunction function, string to, Func<CParameter, string> argument) =>
        $"{to}({string.Join(", ", function.Parameters.Select(argument))})";

    private static string PerThread(CParameter parameter)
    {
        string name = CSharp.Identifier(parameter.Name);
        return parameter.Type is CType.Handle { Name: "CUstream" } ? $"PerThread({name})" : name;
    }
}
