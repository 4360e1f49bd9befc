using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits the server's half of one call: read what goes in, in the client's order; check lengths against each other; make room for what
/// comes out; call the driver; answer.
/// </summary>
internal static class ServerStub
{
    public static void Emit(CodeWriter code, PlannedFunction function)
    {
        code.Open($"private static void {function.Name}(CudaDriver driver, ref ServerCall call)");
        foreach (PlannedParameter parameter in function.Parameters)
        {
            Read(code, parameter);
        }

        foreach (PlannedParameter parameter in function.Parameters)
        {
            CheckCount(code, parameter, function);
        }

        foreach (PlannedParameter parameter in function.Parameters)
        {
            Prepare(code, parameter, function);
        }

        code.Open("if (!call.Begin())");
        code.Line("return;");
        code.Close();
        code.Line();
        foreach (PlannedParameter parameter in function.Parameters.Where(item => item.Role == Role.Bulk && item.IsOut))
        {
            code.Line($"{CSharp.Type(parameter.Type)} {Local(parameter)} = {Cast(parameter)}call.ReplyBulk({Bytes(parameter, function)});");
        }

        code.List($"CUresult status = driver.{function.Name}(", [.. function.Parameters.Select(Argument)], ");");
        Answer(code, function);
        code.Close();
    }

    // CUfunction hfunc = new(call.ReadHandle(HandleKind.CUfunction));
    private static void Read(CodeWriter code, PlannedParameter parameter)
    {
        string name = Local(parameter);
        string type = CSharp.Type(parameter.Type);
        string optional = parameter.Optional ? "optional: true" : "";
        string andOptional = parameter.Optional ? ", optional: true" : "";
        switch (parameter.Role)
        {
            case Role.Ignored or Role.Bulk:
                break;
            case Role.Value when Wire.IsBytes(parameter.Type):
                code.Line($"{type} {name} = *call.ReadStruct<{type}>();");
                break;
            case Role.Value:
                code.Line($"{type} {name} = {Wire.Read(parameter.Type)};");
                break;
            case Role.Handle:
                code.Line($"{type} {name} = new(call.ReadHandle({Kind(parameter.Type)}{andOptional}));");
                break;
            case Role.DestroyedHandle:
                code.Line($"{type} {name} = new(call.ReadHandle({Kind(parameter.Type)}, out nint {Id(parameter)}{andOptional}));");
                break;
            case Role.NewHandle:
                code.Line($"nint {Id(parameter)} = call.ReadNewHandle({Kind(parameter.Pointee)});");
                break;
            case Role.Text:
                code.Line($"byte* {name} = call.ReadString({optional});");
                break;
            case Role.HandleArray:
                string count = Count(parameter);
                code.Line($"{type} {name} = ({type})call.ReadHandles({Kind(parameter.Pointee)}, out nuint {count}{andOptional});");
                break;
            case Role.Array when parameter.IsIn:
                string element = ElementType(parameter);
                code.Line($"{element}* {name} = call.ReadArray<{element}>(out nuint {Count(parameter)}{andOptional});");
                if (parameter.Struct)
                {
                    code.Line($"{ServerStructs.Class}.Resolve(ref call, {name}, {Count(parameter)});");
                }

                break;
            case Role.Array when parameter.Optional:
                code.Line($"bool {Wanted(parameter)} = call.ReadBoolean();");
                break;
            case Role.Element when parameter.IsIn && IsPointerHere(parameter):
                code.Line($"{type} {name} = call.ReadStruct<{CSharp.Type(parameter.Pointee)}>({optional});");
                if (parameter.Struct)
                {
                    code.Line($"{ServerStructs.Class}.Resolve(ref call, {name});");
                }

                break;
            case Role.Element when parameter.IsIn:
                code.Line($"{CSharp.Type(parameter.Pointee)} {name} = {Wire.Read(parameter.Pointee)};");
                break;
            case Role.Element or Role.FoundHandle when parameter.Optional:
                code.Line($"{type} {name} = call.ReadBoolean() ? call.Scratch<{CSharp.Type(parameter.Pointee)}>(1) : null;");
                break;
        }
    }

    // if (countsCount != (nuint)n)
    private static void CheckCount(CodeWriter code, PlannedParameter parameter, PlannedFunction function)
    {
        if (parameter.Role is Role.Array or Role.HandleArray && parameter.IsIn)
        {
            string present = parameter.Optional ? $"{Local(parameter)} != null && " : "";
            code.Open($"if ({present}{Count(parameter)} != {Size(parameter.Size!, function)})");
            code.Line($"call.Malformed(\"{parameter.Name} has another length than it says\");");
            code.Close();
            code.Line();
        }
    }

    // CUmodule hmod = default;
    private static void Prepare(CodeWriter code, PlannedParameter parameter, PlannedFunction function)
    {
        string name = Local(parameter);
        switch (parameter.Role)
        {
            case Role.Bulk when parameter.IsIn:
                code.Line($"{CSharp.Type(parameter.Type)} {name} = {Cast(parameter)}call.ReadBulk({Bytes(parameter, function)});");
                break;
            case Role.Array when !parameter.IsIn:
                if (parameter.HasMovingSize)
                {
                    // The driver may change what the size points to.
                    code.Line($"nuint {parameter.RoomName} = {Size(parameter.Size!, function)};");
                }

                string room = $"call.Scratch<{ElementType(parameter)}>({Capacity(parameter, function)})";
                code.Line($"{ElementType(parameter)}* {name} = {(parameter.Optional ? $"{Wanted(parameter)} ? {room} : null" : room)};");
                break;
            case Role.Element when !parameter.IsIn && !parameter.Optional && IsPointerHere(parameter):
                code.Line($"{CSharp.Type(parameter.Type)} {name} = call.Scratch<{CSharp.Type(parameter.Pointee)}>(1);");
                break;
            case Role.NewHandle:
            case Role.Element or Role.FoundHandle when !parameter.IsIn && !parameter.Optional:
                code.Line($"{CSharp.Type(parameter.Pointee)} {name} = default;");
                break;
        }
    }

    private static string Argument(PlannedParameter parameter) => parameter.Role switch
    {
        Role.Ignored => "default",
        Role.NewHandle => $"&{Local(parameter)}",
        Role.Element or Role.FoundHandle when !IsPointerHere(parameter) => $"&{Local(parameter)}",
        _ => Local(parameter),
    };

    // if (call.Reply(status))
    private static void Answer(CodeWriter code, PlannedFunction function)
    {
        string[] onSuccess =
        [
            .. function.Parameters.Where(item => item.Role == Role.NewHandle)
                .Select(item => $"call.Bind({Id(item)}, {Local(item)}.Value);"),
            .. function.Parameters.Where(item => item.Role == Role.DestroyedHandle)
                .Select(item => $"call.Release({Id(item)});"),
        ];
        if (onSuccess.Length > 0)
        {
            code.Open("if (status == CUresult.CUDA_SUCCESS)");
            foreach (string line in onSuccess)
            {
                code.Line(line);
            }

            code.Close();
            code.Line();
        }

        PlannedParameter[] results =
            [.. function.Parameters.Where(item => item.IsOut && item.Role is Role.Element or Role.Array or Role.FoundHandle)];
        if (results.Length == 0)
        {
            code.Line("call.Reply(status);");
            return;
        }

        code.Open("if (call.Reply(status))");
        foreach (PlannedParameter parameter in results.Where(item => item.IsOut))
        {
            if (parameter.Optional)
            {
                code.Open($"if ({Local(parameter)} != null)");
                Name(code, parameter);
                code.Line(Write(parameter, function));
                code.Close();
                code.Line();
            }
            else
            {
                Name(code, parameter);
                code.Line(Write(parameter, function));
            }
        }

        code.Close();
    }

    private static void Name(CodeWriter code, PlannedParameter parameter)
    {
        if (parameter.Struct)
        {
            code.Line($"{ServerStructs.Class}.Name(ref call, {Local(parameter)});");
        }
    }

    // call.Write(bytes);
    private static string Write(PlannedParameter parameter, PlannedFunction function)
    {
        string name = Local(parameter);
        string value = IsPointerHere(parameter) ? Wire.Pointed(parameter.Pointee, name) : Wire.Value(parameter.Pointee, name);
        return parameter.Role switch
        {
            Role.Array => $"call.WriteArray({name}, {Valid(parameter, function)});",
            Role.FoundHandle => $"call.WriteHandle({Kind(parameter.Pointee)}, {value});",
            _ when Wire.IsBytes(parameter.Pointee) || (parameter.Optional && parameter.IsIn) => $"call.WriteStruct({name});",
            _ => $"call.Write({value});",
        };
    }

    private static string Valid(PlannedParameter parameter, PlannedFunction function)
    {
        string room = Capacity(parameter, function);
        return parameter.Length is null ? room : $"nuint.Min({Size(parameter.Length, function)}, {room})";
    }

    private static string Capacity(PlannedParameter parameter, PlannedFunction function) =>
        parameter.HasMovingSize ? parameter.RoomName : Size(parameter.Size!, function);

    // Whether the local of that name is the pointer itself rather than the value it points to.
    private static bool IsPointerHere(PlannedParameter parameter) =>
        parameter.Optional || parameter.Type is not CType.Pointer pointer || Wire.IsBytes(pointer.To);

    private static string Size(SizeExpression expression, PlannedFunction function) => Wire.Count(
        expression,
        function,
        (parameter, dereferenced) => (dereferenced && IsPointerHere(parameter) ? "*" : "") + Local(parameter));

    private static string Bytes(PlannedParameter parameter, PlannedFunction function) =>
        Wire.Bytes(Size(parameter.Size!, function), parameter.Pointee);

    private static string Local(PlannedParameter parameter) => CSharp.Identifier(parameter.Name);

    private static string ElementType(PlannedParameter parameter) =>
        parameter.Pointee is CType.Void ? "byte" : CSharp.Type(parameter.Pointee);

    // The call's bytes as what the driver takes.
    private static string Cast(PlannedParameter parameter) =>
        parameter.Pointee is CType.Void or CType.Scalar { Kind: ScalarKind.Byte or ScalarKind.Char }
            ? ""
            : $"({CSharp.Type(parameter.Type)})";

    private static string Id(PlannedParameter parameter) => parameter.Name + "_";

    private static string Count(PlannedParameter parameter) => parameter.Name + "Count";

    private static string Wanted(PlannedParameter parameter) => parameter.Name + "Wanted";

    private static string Kind(CType handle) => $"HandleKind.{CSharp.Type(handle)}";
}
