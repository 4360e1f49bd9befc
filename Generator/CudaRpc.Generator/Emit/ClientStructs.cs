using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Emit;

/// <summary>
/// Emits the client's half of structs that hold handles or pointers: their bytes travel as they are, a handle being the session's number
/// of it, and the arrays that they point to follow. The server's half is <see cref="ServerStructs"/>.
/// </summary>
internal static class ClientStructs
{
    public const string Class = "RemoteStructs";

    // More would fit no frame, and need not be in the program's memory at all: looking through them could end the program.
    private const string TooMany = "CUresult.CUDA_ERROR_NOT_SUPPORTED";

    public static string Emit(Plan plan)
    {
        CodeWriter code = CSharp.File(plan.Version, "CudaRpc.Client", "CudaRpc.Driver");
        code.Line("/// <summary>Structs that hold handles or pointers: checked, written and read by the client.</summary>");
        code.Open($"internal static unsafe class {Class}");
        foreach (PlannedStruct item in plan.Structs)
        {
            Check(code, item);
            code.Line();
            CheckAll(code, item);
            code.Line();
            Write(code, item);
            code.Line();
            Read(code, item);
            code.Line();
            Update(code, item);
            code.Line();
        }

        code.Close();
        return code.ToString();
    }

    // public static CUresult Check(Session session, CUDA_RESOURCE_DESC_v1* value)
    private static void Check(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>What CUDA answers to what is inside; success to null.</summary>");
        code.Open($"public static CUresult Check(Session session, {item.Name}* value)");
        code.Open("if (value == null)");
        code.Line("return CUresult.CUDA_SUCCESS;");
        code.Close();
        code.Line();
        foreach (PlannedTag tag in item.Tags)
        {
            StructCode.Unknown(code, tag, "return CUresult.CUDA_ERROR_INVALID_VALUE;");
        }

        if (item.Fields.Any(field => field.Struct || field.Role is FieldRole.Handle or FieldRole.HandleArray))
        {
            code.Line("CUresult status;");
        }

        IEnumerable<PlannedField> checkedFields = item.Fields.Where(field => field.Role is not (FieldRole.HandleOut or FieldRole.Ignored));
        StructCode.Each(code, checkedFields, field => Check(code, field));
        code.Line("return CUresult.CUDA_SUCCESS;");
        code.Close();
    }

    // status = session.Handles.Check(value->hEvent.Value, HandleKind.CUevent);
    private static void Check(CodeWriter code, PlannedField field)
    {
        string name = StructCode.Field(field);
        string count = StructCode.Count(field, "value");
        if (field.Role == FieldRole.Handle)
        {
            string optional = field.Optional ? ", optional: true" : "";
            code.Line($"status = session.Handles.Check({name}.Value, {StructCode.Kind(field.Type)}{optional});");
            Return(code, "status != CUresult.CUDA_SUCCESS", "status");
            return;
        }

        Return(code, $"{name} == null && {count} != 0", "CUresult.CUDA_ERROR_INVALID_VALUE");
        if (field.Role == FieldRole.HandleArray)
        {
            Return(code, $"{count} > Protocol.ProtocolLimits.Body / (nuint)sizeof(nint)", TooMany);
            code.Open($"for (nuint i = 0; i < {count}; i++)");
            code.Line($"status = session.Handles.Check({name}[i].Value, {StructCode.Kind(field.Pointee)});");
            Return(code, "status != CUresult.CUDA_SUCCESS", "status");
            code.Close();
            code.Line();
        }
        else if (field.Struct)
        {
            code.Line($"status = Check(session, {name}, {count});");
            Return(code, "status != CUresult.CUDA_SUCCESS", "status");
        }
    }

    private static void CheckAll(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>The same for each of several.</summary>");
        code.Open($"public static CUresult Check(Session session, {item.Name}* values, nuint count)");
        Return(code, $"values != null && count > Protocol.ProtocolLimits.Body / (nuint)sizeof({item.Name})", TooMany);
        code.Line("CUresult status = CUresult.CUDA_SUCCESS;");
        code.Open("for (nuint i = 0; values != null && i < count && status == CUresult.CUDA_SUCCESS; i++)");
        code.Line("status = Check(session, values + i);");
        code.Close();
        code.Line();
        code.Line("return status;");
        code.Close();
    }

    // public static void Write(ref Call call, CUDA_MEM_ALLOC_NODE_PARAMS_v1* value)
    private static void Write(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>Writes the bytes, then the arrays.</summary>");
        code.Open($"public static void Write(ref Call call, {item.Name}* value)");
        code.Line("call.WriteStruct(value);");
        IEnumerable<PlannedField> arrays = item.Fields.Where(field => field.Role is FieldRole.Array or FieldRole.HandleArray);
        StructCode.Each(code, arrays, field =>
        {
            string name = StructCode.Field(field);
            string count = StructCode.Count(field, "value");
            code.Open($"if ({name} == null)");
            code.Line("call.WriteNil();");
            code.Close();
            code.Open("else");
            code.Line(field.Role == FieldRole.Array ? $"call.WriteArray({name}, {count});" : $"call.WriteHandles((nint*){name}, {count});");
            code.Close();
            code.Line();
        });

        code.Close();
    }

    private static void Read(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>Reads one that came out: handles as the session's numbers, pointers as null.</summary>");
        code.Line($"public static void Read(ref Call call, {item.Name}* value) => call.ReadStruct(value);");
    }

    // received.accessDescs = value->accessDescs;
    private static void Update(CodeWriter code, PlannedStruct item)
    {
        code.Line("/// <summary>Reads one that went in as well: what the program's handles and pointers are stays.</summary>");
        code.Open($"public static void Update(ref Call call, {item.Name}* value)");
        code.Line($"{item.Name} received;");
        code.Line("call.ReadStruct(&received);");
        StructCode.Each(code, item.Fields.Where(field => field.Role != FieldRole.HandleOut), field =>
        {
            string path = StructCode.Path(field.Path);
            code.Line($"received.{path} = value->{path};");
        });

        code.Line("*value = received;");
        code.Close();
    }

    private static void Return(CodeWriter code, string condition, string status)
    {
        code.Open($"if ({condition})");
        code.Line($"return {status};");
        code.Close();
        code.Line();
    }
}
