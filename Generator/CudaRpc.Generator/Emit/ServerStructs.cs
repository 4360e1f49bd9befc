using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits the server's half of structs that hold handles or pointers: in the call's own copy handles become the driver's, pointers become
/// those of the arrays that followed, or null; and back. The client's half is <see cref="ClientStructs"/>.
/// </summary>
internal static class ServerStructs
{
    public const string Class = "ServerStructs";

    public static string Emit(Plan plan)
    {
        CodeWriter code = CSharp.File(plan.Version, "CudaRpc.Server", "CudaRpc.Client", "CudaRpc.Driver");
        code.Line("/// <summary>Structs that hold handles or pointers: made the driver's, and the client's again.</summary>");
        code.Open($"internal static unsafe class {Class}");
        foreach (PlannedStruct item in plan.Structs)
        {
            Resolve(code, item);
            code.Line();
            ResolveAll(code, item);
            code.Line();
            Name(code, item);
            code.Line();
        }

        code.Close();
        return code.ToString();
    }

    // public static void Resolve(ref ServerCall call, CUDA_RESOURCE_DESC_v1* value)
    private static void Resolve(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>Resolves the handles and reads the arrays of one that was read; null has none.</summary>");
        code.Open($"public static void Resolve(ref ServerCall call, {item.Name}* value)");
        code.Open("if (value == null)");
        code.Line("return;");
        code.Close();
        code.Line();
        foreach (PlannedTag tag in item.Tags)
        {
            // A driver newer than the header may follow a pointer in what this server took for bytes.
            StructCode.Unknown(code, tag, "call.Refuse(CUresult.CUDA_ERROR_INVALID_VALUE);", "return;");
        }

        StructCode.Each(code, item.Fields, field => Resolve(code, field));

        code.Close();
    }

    // value->hEvent = new(call.Resolve(value->hEvent.Value, HandleKind.CUevent));
    private static void Resolve(CodeWriter code, PlannedField field)
    {
        string name = StructCode.Field(field);
        switch (field.Role)
        {
            case FieldRole.Handle:
                string optional = field.Optional ? ", optional: true" : "";
                code.Line($"{name} = new(call.Resolve({name}.Value, {StructCode.Kind(field.Type)}{optional}));");
                break;
            case FieldRole.HandleOut:
                code.Line($"{name} = default;");
                break;
            case FieldRole.Ignored:
                code.Line($"{name} = null;");
                break;
            default:
                string count = StructCode.CountName(field);
                string type = CSharp.Type(field.Pointee);
                code.Line(field.Role == FieldRole.Array
                    ? $"{name} = call.ReadArray<{type}>(out nuint {count}, optional: true);"
                    : $"{name} = ({type}*)call.ReadHandles({StructCode.Kind(field.Pointee)}, out nuint {count}, optional: true);");
                code.Open($"if ({count} != {StructCode.Count(field, "value")})");
                code.Line($"call.Malformed(\"{field.Path} has another length than it says\");");
                code.Close();
                code.Line();
                if (field.Struct)
                {
                    code.Line($"Resolve(ref call, {name}, {count});");
                }

                break;
        }
    }

    private static void ResolveAll(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>The same for each of several.</summary>");
        code.Open($"public static void Resolve(ref ServerCall call, {item.Name}* values, nuint count)");
        code.Open("for (nuint i = 0; values != null && i < count; i++)");
        code.Line("Resolve(ref call, values + i);");
        code.Close();
        code.Close();
    }

    // value->hEvent = new(call.IdOf(HandleKind.CUevent, value->hEvent.Value));
    private static void Name(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>Names the handles of one that goes out; the server's pointers do not leave it.</summary>");
        code.Open($"public static void Name(ref ServerCall call, {item.Name}* value)");
        StructCode.Each(code, item.Fields, field =>
        {
            string name = StructCode.Field(field);
            code.Line(field.Role is FieldRole.Handle or FieldRole.HandleOut
                ? $"{name} = new(call.IdOf({StructCode.Kind(field.Type)}, {name}.Value));"
                : $"{name} = null;");
        });

        code.Close();
    }
}
