using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Emits the server: <c>Dispatcher</c>, which decodes one call and invokes a driver, and <c>Coverage</c>.</summary>
internal static class DispatcherEmitter
{
    private const string Namespace = "CudaRpc.Server";

    public static IEnumerable<GeneratedFile> Emit(Plan plan)
    {
        yield return new("Dispatcher.g.cs", Switch(plan));
        yield return new("Coverage.g.cs", Coverage(plan));
        yield return new("ParameterFacts.g.cs", Facts(plan));
        if (plan.Structs.Count > 0)
        {
            yield return new("ServerStructs.g.cs", ServerStructs.Emit(plan));
        }

        IEnumerable<PlannedFunction> generated = plan.Functions.Where(function => function.IsRemoted && !function.ServerByHand);
        foreach ((string group, IReadOnlyList<PlannedFunction> members) in HeaderGroups.Split(generated, function => function.Name))
        {
            CodeWriter code = CSharp.File(plan.Version, Namespace, "CudaRpc.Client", "CudaRpc.Driver");
            code.Open("internal static unsafe partial class Dispatcher");
            foreach (PlannedFunction function in members)
            {
                ServerStub.Emit(code, function);
                code.Line();
            }

            code.Close();
            yield return new($"Dispatcher.{group}.g.cs", code.ToString());
        }
    }

    private static string Switch(Plan plan)
    {
        CodeWriter code = CSharp.File(plan.Version, Namespace, "CudaRpc.Client", "CudaRpc.Driver");
        code.Line("/// <summary>Decodes a call, invokes the driver, encodes the reply.</summary>");
        code.Open("internal static unsafe partial class Dispatcher");
        code.Line("/// <summary>Carries out one call. One that is not known here is answered with CUDA_ERROR_NOT_SUPPORTED.</summary>");
        code.Open("public static void Dispatch(uint callId, CudaDriver driver, ref ServerCall call)");
        code.Open("switch (callId)");
        foreach (PlannedFunction function in plan.Functions.Where(function => function.IsRemoted))
        {
            code.Line($"case CallId.{function.Name}:");
            code.Continue($"{(function.ServerByHand ? "Custom." : "")}{function.Name}(driver, ref call);");
            code.Continue("break;");
        }

        code.Line("default:");
        code.Continue("call.Reply(CUresult.CUDA_ERROR_NOT_SUPPORTED);");
        code.Continue("break;");
        code.Close();
        code.Close();
        code.Line();
        code.Line("/// <summary>Frees what a session leaves behind; success for kinds that nothing frees.</summary>");
        code.Open("public static CUresult Destroy(CudaDriver driver, HandleKind kind, nint native) => kind switch");
        foreach (PlannedHandle handle in plan.Handles.Where(handle => handle.Destroy.Length > 0))
        {
            code.Line($"HandleKind.{handle.Name} => driver.{handle.Destroy}(new {handle.Name}(native)),");
        }

        code.Line("_ => CUresult.CUDA_SUCCESS,");
        code.Close(";");
        code.Close();
        return code.ToString();
    }

    // new("cuLaunchKernel", "posted", "client and server", 0, ""),
    private static string Coverage(Plan plan)
    {
        CodeWriter code = CSharp.File(plan.Version, Namespace, "System.Collections.Generic");
        code.Line("/// <summary>How one function travels.</summary>");
        code.Line("/// <param name=\"Function\">Its exported name.</param>");
        code.Line("/// <param name=\"Travels\">posted, synchronous, blocking, local, cached, forwarded or unsupported.</param>");
        code.Line("/// <param name=\"HandWritten\">The halves that are not generated: client, server, both, or empty.</param>");
        code.Line("/// <param name=\"Since\">The CUDA version that brought it, such as 12040; 0 where the rules do not say.</param>");
        code.Line("/// <param name=\"Note\">Why it is unsupported, where it is forwarded to, how long answers are kept.</param>");
        code.Line("internal readonly record struct CoverageRow(");
        code.Continue("string Function, string Travels, string HandWritten, int Since, string Note);");
        code.Line();
        code.Line("/// <summary>Every function of the header and how it travels; <c>cudarpc coverage</c> prints it.</summary>");
        code.Open("internal static class Coverage");
        code.Line($"/// <summary>The header's CUDA_VERSION.</summary>");
        code.Line($"public const int CudaVersion = {CSharp.Integer(plan.Version)};");
        code.Line();
        code.Line("/// <summary>By name.</summary>");
        code.Line("public static IReadOnlyList<CoverageRow> Rows { get; } =");
        code.Line("[");
        Dictionary<string, PlannedFunction> byName = plan.Functions.ToDictionary(function => function.Name);
        foreach (PlannedFunction function in plan.Functions.Where(function => !function.Function.Supplied).Select(function => AsItTravels(function, byName)))
        {
            string hand = function.Hand == Halves.None ? "" : function.Hand.ToString().ToLowerInvariant();
            string[] cells = [CSharp.Literal(function.Name), CSharp.Literal(Travels(function)), CSharp.Literal(hand)];
            code.Continue($"new({string.Join(", ", cells)}, {function.Since}, {CSharp.Literal(Note(function))}),");
        }

        code.Line("];");
        code.Close();
        return code.ToString();
    }

    // new("cuStreamQuery", "hStream", "Handle", "In", true),
    private static string Facts(Plan plan)
    {
        CodeWriter code = CSharp.File(plan.Version, Namespace, "System.Collections.Generic");
        code.Line("/// <summary>What the rules say of one parameter of a function with a generated half.</summary>");
        code.Line("/// <param name=\"Function\">The function's exported name.</param>");
        code.Line("/// <param name=\"Parameter\">The parameter's name.</param>");
        code.Line("/// <param name=\"Role\">What it carries, such as Handle or Array.</param>");
        code.Line("/// <param name=\"Direction\">In, Out or InOut.</param>");
        code.Line("/// <param name=\"Optional\">Whether null is allowed.</param>");
        code.Line("internal readonly record struct ParameterFact(string Function, string Parameter, string Role, string Direction, bool Optional);");
        code.Line();
        code.Line("/// <summary>The rules about parameters, for tests that make calls up from them.</summary>");
        code.Open("internal static class ParameterFacts");
        code.Line("/// <summary>By function, in the order of the parameters.</summary>");
        code.Line("public static IReadOnlyList<ParameterFact> Rows { get; } =");
        code.Line("[");
        foreach (PlannedFunction function in plan.Functions)
        {
            foreach (PlannedParameter parameter in function.Parameters)
            {
                string[] cells =
                [
                    CSharp.Literal(function.Name),
                    CSharp.Literal(parameter.Name),
                    CSharp.Literal(parameter.Role.ToString()),
                    CSharp.Literal(parameter.Direction.ToString()),
                    parameter.Optional ? "true" : "false",
                ];
                code.Continue($"new({string.Join(", ", cells)}),");
            }
        }

        code.Line("];");
        code.Close();
        return code.ToString();
    }

    // A name of a function that is not remoted is not remoted either.
    private static PlannedFunction AsItTravels(PlannedFunction function, Dictionary<string, PlannedFunction> byName) =>
        function.Travel is Travel.SameAs or Travel.Widened
        && byName.TryGetValue(function.Target, out PlannedFunction? target)
        && AsItTravels(target, byName) is { Travel: Travel.Unsupported } unsupported
            ? function with { Travel = Travel.Unsupported, Reason = $"{target.Name}: {unsupported.Reason}" }
            : function;

    private static string Travels(PlannedFunction function) => function.Travel switch
    {
        Travel.Synchronous => "synchronous",
        Travel.Posted => "posted",
        Travel.Blocking => "blocking",
        Travel.Local when function.Cache.Length > 0 => "cached",
        Travel.Local => "local",
        Travel.Unsupported => "unsupported",
        _ => "forwarded",
    };

    private static string Note(PlannedFunction function) => function.Travel switch
    {
        Travel.Unsupported => function.Reason,
        Travel.SameAs or Travel.Twin => $"to {function.Target}",
        Travel.Widened => $"to {function.Target}, widened",
        _ when function.Cache.Length > 0 => $"kept per {function.Cache}",
        _ => "",
    };
}
