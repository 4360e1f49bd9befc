using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits the client's half of one call: check what can be checked here, write what goes in, send, read what comes out straight into the
/// caller's memory. The server's half, <see cref="ServerStub"/>, walks the parameters in the same order.
/// </summary>
internal static class ClientStub
{
    // CUresult status = call.Invoke();
    public static void Emit(CodeWriter code, PlannedFunction function)
    {
        code.Line("/// <inheritdoc/>");
        code.List($"public override CUresult {function.Name}(", CSharp.Parameters(function.Function), ")");
        code.Open();
        CheckPointers(code, function);
        bool declared = CheckHandles(code, function);
        CheckArguments(code, function);
        code.Open("try");
        code.Line($"var call = new Call(_session, CallId.{function.Name});");
        foreach (PlannedParameter parameter in function.Parameters)
        {
            Write(code, parameter, function);
        }

        foreach (PlannedParameter parameter in function.Parameters.Where(item => item.IsOut && item.HasMovingSize))
        {
            // What the size points to comes back with the reply.
            code.Line($"nuint {parameter.RoomName} = {Count(parameter, function)};");
        }

        (string Condition, string Statement)[] results = [.. Results(function)];
        string send = function.Travel == Travel.Posted ? "call.Post()" : "call.Invoke()";
        if (results.Length == 0)
        {
            code.Line($"return {send};");
        }
        else
        {
            code.Line($"{(declared ? "" : "CUresult ")}status = {send};");
            OnSuccess(code, results);
            code.Line("return status;");
        }

        code.Close();
        code.Open("catch (Exception failure)");
        code.Line($"return _session.Failed(CallId.{function.Name}, failure);");
        code.Close();
        code.Close();
    }

    // if (phStream == null)
    private static void CheckPointers(CodeWriter code, PlannedFunction function)
    {
        string[] conditions =
        [
            .. function.Parameters
                .Where(parameter => parameter.Type is CType.Pointer && !parameter.Optional && parameter.Role != Role.Ignored)
                .OrderBy(parameter => parameter.Size is null ? 0 : 1)
                .Select(parameter => IsMissing(parameter, function)),
        ];
        if (conditions.Length > 0)
        {
            code.Open(conditions.Length == 1
                ? $"if ({conditions[0]})"
                : $"if ({string.Join(" || ", conditions.Select(condition => condition.Contains("&&") ? $"({condition})" : condition))})");
            code.Line("return CUresult.CUDA_ERROR_INVALID_VALUE;");
            code.Close();
            code.Line();
        }
    }

    // An array of none may be null. A size that may overflow is left to the call, which can fail.
    private static string IsMissing(PlannedParameter parameter, PlannedFunction function)
    {
        string missing = $"{CSharp.Identifier(parameter.Name)} == null";
        return parameter.Size is null or SizeExpression.Operation ? missing : $"{missing} && {Count(parameter, function)} != 0";
    }

    // CUresult status = _session.Handles.Check(hEvent.Value, HandleKind.CUevent);
    private static bool CheckHandles(CodeWriter code, PlannedFunction function)
    {
        bool declared = false;
        foreach (PlannedParameter parameter in function.Parameters)
        {
            if (parameter.Role is Role.Handle or Role.DestroyedHandle)
            {
                string declaration = declared ? "" : "CUresult ";
                string optional = parameter.Optional ? ", optional: true" : "";
                code.Line($"{declaration}status = _session.Handles.Check({Value(parameter)}, {Kind(parameter.Type)}{optional});");
                code.Open("if (status != CUresult.CUDA_SUCCESS)");
                code.Line("return status;");
                code.Close();
                code.Line();
                declared = true;
            }
            else if (parameter.Struct && parameter.IsIn)
            {
                string count = parameter.Role == Role.Array ? $", {Count(parameter, function)}" : "";
                string name = CSharp.Identifier(parameter.Name);
                code.Line($"{(declared ? "" : "CUresult ")}status = {ClientStructs.Class}.Check(_session, {name}{count});");
                code.Open("if (status != CUresult.CUDA_SUCCESS)");
                code.Line("return status;");
                code.Close();
                code.Line();
                declared = true;
            }
        }

        return declared;
    }

    // if (CheckSet(dstDevice, uc, N) is CUresult wrong)
    private static void CheckArguments(CodeWriter code, PlannedFunction function)
    {
        if (function.Check.Length > 0)
        {
            string arguments = string.Join(", ", function.Function.Parameters.Select(parameter => CSharp.Identifier(parameter.Name)));
            code.Open($"if ({function.Check}({arguments}) is CUresult wrong)");
            code.Line("return wrong;");
            code.Close();
            code.Line();
        }
    }

    private static void Write(CodeWriter code, PlannedParameter parameter, PlannedFunction function)
    {
        string name = CSharp.Identifier(parameter.Name);
        switch (parameter.Role)
        {
            case Role.Ignored:
                break;
            case Role.Value:
                code.Line(Wire.IsBytes(parameter.Type) ? $"call.WriteStruct(&{name});" : $"call.Write({Value(parameter)});");
                break;
            case Role.Handle or Role.DestroyedHandle:
                code.Line($"call.WriteHandle({name}.Value);");
                break;
            case Role.NewHandle:
                code.Line($"nint {parameter.Name}_ = call.WriteNewHandle({Kind(parameter.Pointee)});");
                break;
            case Role.Bulk:
                string method = parameter.IsIn ? "WriteBulk" : "ReceiveBulk";
                code.Line($"call.{method}({name}, {Wire.Bytes(Count(parameter, function), parameter.Pointee)});");
                break;
            case var _ when !parameter.IsIn:
                if (parameter.Optional)
                {
                    code.Line($"call.Write({name} != null);");
                }

                break;
            case var _ when parameter.Optional:
                code.Open($"if ({name} != null)");
                code.Line(WritePointed(parameter, function, name));
                code.Close();
                code.Open("else");
                code.Line("call.WriteNil();");
                code.Close();
                code.Line();
                break;
            default:
                code.Line(WritePointed(parameter, function, name));
                break;
        }
    }

    // call.WriteArray(counts, (nuint)n);
    private static string WritePointed(PlannedParameter parameter, PlannedFunction function, string name) => parameter.Role switch
    {
        Role.Text => $"call.WriteString({name});",
        Role.Array => $"call.WriteArray({Pointer(parameter, name)}, {Count(parameter, function)});",
        _ when parameter.Struct && parameter.Role == Role.Element => $"{ClientStructs.Class}.Write(ref call, {name});",
        Role.HandleArray => $"call.WriteHandles((nint*){name}, {Count(parameter, function)});",

        // What may be missing travels as bytes or nil, whatever it is: a scalar has no nil.
        _ when parameter.Optional || Wire.IsBytes(parameter.Pointee) => $"call.WriteStruct({name});",
        _ => $"call.Write({Wire.Pointed(parameter.Pointee, name)});",
    };

    // A condition, if there is one, and a statement.
    private static IEnumerable<(string Condition, string Statement)> Results(PlannedFunction function)
    {
        foreach (PlannedParameter parameter in function.Parameters)
        {
            string name = CSharp.Identifier(parameter.Name);
            switch (parameter.Role)
            {
                case Role.NewHandle:
                    yield return ("", $"*{name} = new {CSharp.Type(parameter.Pointee)}({parameter.Name}_);");
                    break;
                case Role.DestroyedHandle:
                    yield return ("", $"_session.Handles.Forget({name}.Value);");
                    break;
                case Role.Element or Role.Array or Role.FoundHandle when parameter.IsOut:
                    yield return (parameter.Optional ? $"{name} != null" : "", ReadPointed(parameter, function, name));
                    break;
            }
        }

        if (function.Travel != Travel.Posted)
        {
            yield return ("", "call.End();");
        }
    }

    private static void OnSuccess(CodeWriter code, IEnumerable<(string Condition, string Statement)> results)
    {
        code.Open("if (status == CUresult.CUDA_SUCCESS)");
        foreach ((string condition, string statement) in results)
        {
            if (condition.Length == 0)
            {
                code.Line(statement);
                continue;
            }

            code.Open($"if ({condition})");
            code.Line(statement);
            code.Close();
            code.Line();
        }

        code.Close();
        code.Line();
    }

    // *free = call.ReadNUInt();
    private static string ReadPointed(PlannedParameter parameter, PlannedFunction function, string name) => parameter.Role switch
    {
        _ when parameter.Struct => $"{ClientStructs.Class}.{(parameter.IsIn ? "Update" : "Read")}(ref call, {name});",
        Role.Array when parameter.HasMovingSize => $"call.ReadArray({Pointer(parameter, name)}, {parameter.RoomName});",
        Role.Array => $"call.ReadArray({Pointer(parameter, name)}, {Count(parameter, function)});",
        Role.FoundHandle => $"*{name} = new {CSharp.Type(parameter.Pointee)}(call.ReadHandle({Kind(parameter.Pointee)}));",
        _ when Wire.IsBytes(parameter.Pointee) || (parameter.Optional && parameter.IsIn) => $"call.ReadStruct({name});",
        _ => $"*{name} = {Wire.Read(parameter.Pointee)};",
    };

    private static string Kind(CType handle) => $"HandleKind.{CSharp.Type(handle)}";

    private static string Value(PlannedParameter parameter) => Wire.Value(parameter.Type, CSharp.Identifier(parameter.Name));

    private static string Count(PlannedParameter parameter, PlannedFunction function) => Wire.Count(
        parameter.Size!,
        function,
        (named, dereferenced) => (dereferenced ? "*" : "") + CSharp.Identifier(named.Name));

    // Arrays of void are bytes.
    private static string Pointer(PlannedParameter parameter, string name) => parameter.Pointee is CType.Void ? $"(byte*){name}" : name;
}
