using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Emits the client: kinds of handles, numbers of calls, and the generated methods of <c>RemoteDriver</c>.</summary>
internal static class RemoteEmitter
{
    private const string Namespace = "CudaRpc.Client";

    public static IEnumerable<GeneratedFile> Emit(Plan plan)
    {
        yield return new("HandleKind.g.cs", HandleKinds(plan));
        yield return new("CallId.g.cs", CallIds(plan));
        if (plan.Structs.Count > 0)
        {
            yield return new("RemoteStructs.g.cs", ClientStructs.Emit(plan));
        }

        IEnumerable<PlannedFunction> generated = plan.Functions.Where(function => function.IsRemoted && !function.ClientByHand);
        foreach ((string group, IReadOnlyList<PlannedFunction> members) in HeaderGroups.Split(generated, function => function.Name))
        {
            CodeWriter code = CSharp.File(plan.Version, Namespace, "System", "CudaRpc.Driver");
            code.Open("public sealed unsafe partial class RemoteDriver");
            foreach (PlannedFunction function in members)
            {
                ClientStub.Emit(code, function);
                code.Line();
            }

            code.Close();
            yield return new($"RemoteDriver.{group}.g.cs", code.ToString());
        }
    }

    // CUstream = 5,
    private static string HandleKinds(Plan plan)
    {
        CodeWriter code = CSharp.File(plan.Version, Namespace);
        code.Line("/// <summary>The kinds of handles on the wire; their numbers are never reused.</summary>");
        code.Open("internal enum HandleKind : byte");
        code.Line("None = 0,");
        foreach (PlannedHandle handle in plan.Handles)
        {
            code.Line($"{handle.Name} = {CSharp.Integer(handle.Number)},");
        }

        code.Close();
        return code.ToString();
    }

    // public const uint cuMemAlloc_v2 = 0x1a2b3c4d;
    private static string CallIds(Plan plan)
    {
        // Functions answered locally have a number, too: their failures name it.
        PlannedFunction[] calls = [.. plan.Functions.Where(function => function.IsRemoted || function.Travel == Travel.Local)];
        CodeWriter code = CSharp.File(plan.Version, Namespace);
        code.Line("/// <summary>The numbers of the calls: FNV-1a of name and signature, so a changed signature is another call.</summary>");
        code.Open("internal static class CallId");
        foreach (PlannedFunction function in calls)
        {
            code.Line($"public const uint {function.Name} = 0x{function.CallId:x8};");
        }

        code.Line();
        code.Line("/// <summary>The function that a number stands for, or null.</summary>");
        code.Open("public static string? Name(uint id) => id switch");
        foreach (PlannedFunction function in calls)
        {
            code.Line($"{function.Name} => nameof({function.Name}),");
        }

        code.Line("_ => null,");
        code.Close(";");
        code.Close();
        return code.ToString();
    }
}
