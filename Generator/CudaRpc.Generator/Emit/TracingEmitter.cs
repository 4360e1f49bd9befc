using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits <c>TracingDriver</c>, which records each call before and after another driver makes it, and <c>TracedFunctions</c>, what is known of the
/// functions before they are called.
/// </summary>
internal static class TracingEmitter
{
    private const string Namespace = "CudaRpc.Tracing";

    // Bytes of a frame's header, and what an argument takes in its body, about.
    private const int FrameHeader = 32;
    private const int Argument = 5;

    // Hand-written: the first call is when the devices are asked for their names.
    private const string ByHand = "cuInit";

    public static IEnumerable<GeneratedFile> Emit(Plan plan)
    {
        yield return new("TracedFunctions.g.cs", Table(plan));
        IEnumerable<PlannedFunction> emitted = plan.Functions.Where(function => function.Name != ByHand);
        foreach ((string group, IReadOnlyList<PlannedFunction> members) in HeaderGroups.Split(emitted, function => function.Name))
        {
            CodeWriter code = CSharp.File(plan.Version, Namespace, "CudaRpc.Driver");
            code.Open("internal sealed unsafe partial class TracingDriver");
            foreach (PlannedFunction function in members)
            {
                Method(code, function.Function);
                code.Line();
            }

            code.Close();
            yield return new($"TracingDriver.{group}.g.cs", code.ToString());
        }
    }

    // public override CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint N, CUstream hStream)
    // {
    //     ThreadTrace trace = EnterWork(hStream.Value);
    //     return LeaveWork(trace, TracedFunctions.cuMemsetD8Async, Inner.cuMemsetD8Async(dstDevice, uc, N, hStream), hStream.Value);
    // }
    private static void Method(CodeWriter code, CFunction function)
    {
        string? stream = Stream(function);
        string? @event = function.Parameters.LastOrDefault(parameter => parameter.Type is CType.Handle { Name: "CUevent" }) is { } last
            ? CSharp.Identifier(last.Name) + ".Value"
            : null;
        bool isWork = IsWork(function);
        code.Line("/// <inheritdoc/>");
        code.List($"public override CUresult {function.Name}(", CSharp.Parameters(function), ")");
        code.Open();
        code.Line(isWork ? $"ThreadTrace trace = EnterWork({stream});" : "ThreadTrace trace = Enter();");
        foreach (string bulk in Bulk(function))
        {
            code.Line(bulk);
        }

        if (EndsContext(function.Name))
        {
            code.Line("EndContext();");
        }

        string places = @event is not null ? $", {stream ?? "0"}, {@event}" : stream is not null ? $", {stream}" : "";
        string call = $"Inner.{function.Name}({string.Join(", ", CSharp.Arguments(function))})";
        string left = isWork
            ? $"LeaveWork(trace, TracedFunctions.{function.Name}, {call}{places})"
            : $"trace.Leave(TracedFunctions.{function.Name}, {call}{places})";
        code.Fill(Begins(function.Name, "cuStreamDestroy") || Begins(function.Name, "cuEventDestroy")
            ? $"return Forget({left}, {CSharp.Identifier(function.Parameters[0].Name)});"
            : $"return {left};");
        code.Close();
    }

    // The stream that the function names, by value or in a struct that it reads. A twin's stream 0 is the thread's own.
    private static string? Stream(CFunction function)
    {
        bool isTwin = Twins.BaseName(function.Name) is not null;
        string? stream = null;
        if (function.Parameters.FirstOrDefault(parameter => parameter.Type is CType.Handle { Name: "CUstream" }) is { } named)
        {
            stream = CSharp.Identifier(named.Name) + ".Value";
        }
        else if (function.Parameters.FirstOrDefault(IsLaunchConfig) is { } config)
        {
            stream = $"StreamOf({CSharp.Identifier(config.Name)})";
        }

        return !isTwin ? stream : stream is null ? "PerThread(0)" : $"PerThread({stream})";
    }

    private static bool IsLaunchConfig(CParameter parameter) => parameter.Type is CType.Pointer { To: CType.Record { Name: "CUlaunchConfig" } };

    /// <summary>Whether the function gives a stream something to do that takes the device time.</summary>
    private static bool IsWork(CFunction function)
    {
        string name = function.Name;
        bool named = (Begins(name, "cuLaunch") && !name.Contains("HostFunc")) || Begins(name, "cuGraphLaunch")
            || (name.Contains("Async") && (Begins(name, "cuMemcpy") || Begins(name, "cuMemset") || Begins(name, "cuMemPrefetch")));
        return named
            && function.Parameters.Any(parameter => parameter.Type is CType.Handle { Name: "CUstream" } || IsLaunchConfig(parameter));
    }

    private static bool EndsContext(string name) =>
        Begins(name, "cuCtxDestroy") || Begins(name, "cuDevicePrimaryCtxRelease") || Begins(name, "cuDevicePrimaryCtxReset");

    // trace.Carries(ByteCount, 0);
    private static IEnumerable<string> Bulk(CFunction function)
    {
        HashSet<string> names = [.. function.Parameters.Select(parameter => parameter.Name)];
        if (names.Contains("ByteCount") && names.Contains("srcHost"))
        {
            yield return "trace.Carries(ByteCount, 0);";
        }
        else if (names.Contains("ByteCount") && names.Contains("dstHost"))
        {
            yield return $"trace.Carries(0, ByteCount{(IsWork(function) ? ", IsPageLocked(dstHost)" : "")});";
        }
        else if (function.Parameters.FirstOrDefault(IsPitchedCopy) is { } copy)
        {
            yield return $"trace.Carries({CSharp.Identifier(copy.Name)});";
        }
        else if (Begins(function.Name, "cuModuleLoad") && names.Contains("image"))
        {
            yield return "trace.CarriesImage(image);";
        }
        else if (Begins(function.Name, "cuLibraryLoadData") && names.Contains("code"))
        {
            yield return "trace.CarriesImage(code);";
        }
    }

    private static bool IsPitchedCopy(CParameter parameter) =>
        parameter.Type is CType.Pointer { To: CType.Record { Name: "CUDA_MEMCPY2D_v2" or "CUDA_MEMCPY3D_v2" } };

    private static string Table(Plan plan)
    {
        Dictionary<string, PlannedFunction> byName = plan.Functions.ToDictionary(function => function.Name);
        CodeWriter code = CSharp.File(plan.Version, Namespace, "CudaRpc.Client");
        code.Line("/// <summary>The functions of the driver by number, and what is known of a call before it is made.</summary>");
        code.Open("internal static class TracedFunctions");
        int number = 0;
        foreach (PlannedFunction function in plan.Functions)
        {
            code.Line($"public const int {function.Name} = {CSharp.Integer(number++)};");
        }

        code.Line();
        code.Line("/// <summary>By number.</summary>");
        code.Line("public static readonly TracedFunction[] Rows =");
        code.Line("[");
        foreach (PlannedFunction function in plan.Functions)
        {
            code.Continue(Row(function, byName));
        }

        code.Line("];");
        code.Line();
        code.Line("/// <summary>Whether a call gives a stream something to do that takes the device time.</summary>");
        code.Open("public static bool IsWork(uint callId) => callId switch");
        foreach (PlannedFunction function in plan.Functions.Where(function => function.IsRemoted && IsWork(function.Function)))
        {
            code.Line($"CallId.{function.Name} => true,");
        }

        code.Line("_ => false,");
        code.Close(";");
        code.Close();
        return code.ToString();
    }

    // new("cuStreamCreate", TraceClass.Posted, TraceMarks.Minted, 42),
    private static string Row(PlannedFunction function, Dictionary<string, PlannedFunction> byName)
    {
        PlannedFunction travels = function;
        while (travels.Travel is Travel.SameAs or Travel.Widened or Travel.Twin && byName.TryGetValue(travels.Target, out PlannedFunction? target))
        {
            travels = target;
        }

        string @class = travels.Travel switch
        {
            Travel.Posted => "Posted",
            Travel.Synchronous => "Synchronous",
            Travel.Blocking => "Blocking",
            _ => "Local",
        };
        string name = Twins.BaseName(function.Name) ?? function.Name;
        bool isMinted = travels.Travel == Travel.Posted && travels.Parameters.Any(parameter => parameter.Role == Role.NewHandle);
        string marks = name is "cuStreamQuery" or "cuEventQuery" ? "Poll" : isMinted ? "Minted" : "None";
        int bytes = FrameHeader + (Argument * function.Function.Parameters.Count);
        return $"new({CSharp.Literal(function.Name)}, TraceClass.{@class}, TraceMarks.{marks}, {CSharp.Integer(bytes)}),";
    }

    private static bool Begins(string name, string with) => name.StartsWith(with, StringComparison.Ordinal);
}
