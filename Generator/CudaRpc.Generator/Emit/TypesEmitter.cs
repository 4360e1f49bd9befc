using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Emit;

/// <summary>Emits the types of the header: handles, device addresses, enumerations, records, constants.</summary>
internal static class TypesEmitter
{
    private const string Namespace = "CudaRpc.Driver";

    public static IEnumerable<GeneratedFile> Emit(CApi api)
    {
        yield return new("Handles.g.cs", Handles(api));
        yield return new("Enums.g.cs", Enums(api));
        yield return new("Records.g.cs", Records(api));
        yield return new("Constants.g.cs", Constants(api));
    }

    // public readonly record struct CUstream(nint Value);
    private static string Handles(CApi api)
    {
        CodeWriter code = CSharp.File(api.Version, Namespace);
        foreach (CHandle handle in api.Handles)
        {
            code.Line($"/// <summary>Opaque handle, in C <c>{handle.Tag}*</c>.</summary>");
            code.Line("/// <param name=\"Value\">Its bits; 0 is the null handle.</param>");
            code.Line($"public readonly record struct {handle.Name}(nint Value);");
            code.Line();
        }

        foreach (CDevicePointer pointer in api.DevicePointers)
        {
            DevicePointer(code, pointer.Name, CSharp.Scalar(pointer.Underlying));
        }

        return code.ToString();
    }

    // public static CUdeviceptr operator +(CUdeviceptr address, ulong bytes) => new(address.Value + bytes);
    private static void DevicePointer(CodeWriter code, string name, string bits)
    {
        string narrow = bits == "ulong" ? "" : $"({bits})";
        string Sum(string sum) => narrow.Length > 0 ? $"unchecked({narrow}({sum}))" : $"unchecked({sum})";
        code.Line($"/// <summary>An address in device memory. Arithmetic is in bytes and wraps around like C's.</summary>");
        code.Line("/// <param name=\"Value\">The address; 0 is null.</param>");
        code.Open($"public readonly record struct {name}({bits} Value)");
        code.Line("/// <summary>The address with these bits.</summary>");
        code.Line($"public static explicit operator {name}({bits} value) => new(value);");
        code.Line();
        code.Line("/// <summary>The bits of the address.</summary>");
        code.Line($"public static explicit operator {bits}({name} address) => address.Value;");
        foreach (string offset in new[] { "ulong", "long" })
        {
            string value = offset == "ulong" ? "bytes" : "(ulong)bytes";
            code.Line();
            code.Line("/// <summary>The address that many bytes further on.</summary>");
            code.Line($"public static {name} operator +({name} address, {offset} bytes) => new({Sum($"address.Value + {value}")});");
            code.Line();
            code.Line("/// <summary>The address that many bytes before.</summary>");
            code.Line($"public static {name} operator -({name} address, {offset} bytes) => new({Sum($"address.Value - {value}")});");
        }

        code.Close();
        code.Line();
    }

    // public enum CUstream_flags : uint { CU_STREAM_DEFAULT = 0, ... }
    private static string Enums(CApi api)
    {
        CodeWriter code = CSharp.File(api.Version, Namespace);
        MembersSpeakForThemselves(code);
        foreach (CEnum definition in api.Enums)
        {
            code.Line($"/// <summary>In C <c>{(definition.Tag.Length > 0 ? definition.Tag : "enum " + definition.Name)}</c>.</summary>");
            code.Open($"public enum {definition.Name} : {CSharp.Scalar(definition.Underlying)}");
            foreach (CConstant constant in definition.Constants)
            {
                code.Line($"{constant.Name} = {CSharp.Integer(constant.Value)},");
            }

            code.Close();
            code.Line();
        }

        return code.ToString();
    }

    private static string Records(CApi api)
    {
        CodeWriter code = CSharp.File(api.Version, Namespace, "System.Runtime.InteropServices");
        MembersSpeakForThemselves(code);
        foreach (CRecord record in api.Records)
        {
            Record(code, record);
            code.Line();
        }

        return code.ToString();
    }

    // [FieldOffset(8)] public nuint srcY;
    private static void Record(CodeWriter code, CRecord record)
    {
        string origin = record.Tag.Length > 0 ? $"In C <c>{record.Tag}</c>" : "A type without a name in C";
        code.Line($"/// <summary>{origin}: {record.Size} bytes, aligned to {record.Align}.</summary>");
        code.Line($"[StructLayout(LayoutKind.Explicit, Size = {record.Size})]");
        code.Open($"public unsafe partial struct {record.Name}");
        foreach (CField field in record.Fields)
        {
            foreach (string line in Field(field))
            {
                code.Line(line);
            }
        }

        foreach (CField field in record.Fields)
        {
            if ((field.Type is CType.Array array ? array.Of : field.Type) is CType.Inline inline)
            {
                code.Line();
                Record(code, inline.Definition);
            }
        }

        code.Close();
    }

    private static IEnumerable<string> Field(CField field)
    {
        string name = CSharp.Identifier(field.Name);
        switch (field.Type)
        {
            case CType.Array { Of: CType.Scalar { Kind: not ScalarKind.Size } element } array:
                yield return $"[FieldOffset({field.Offset})] public fixed {CSharp.Scalar(element.Kind)} {name}[{array.Length}];";
                break;

            // C# has fixed buffers of primitives only: pArray[3] becomes pArray0, pArray1, pArray2.
            case CType.Array array:
                for (int i = 0; i < array.Length; i++)
                {
                    int offset = field.Offset + (i * CLayout.SizeOf(array.Of));
                    yield return $"[FieldOffset({offset})] public {CSharp.Type(array.Of)} {field.Name}{i};";
                }

                break;
            default:
                yield return $"[FieldOffset({field.Offset})] public {CSharp.Type(field.Type)} {name};";
                break;
        }
    }

    // public const uint CU_MEMHOSTALLOC_PORTABLE = 1;
    private static string Constants(CApi api)
    {
        CodeWriter code = CSharp.File(api.Version, Namespace);
        MembersSpeakForThemselves(code);
        code.Line("/// <summary>The integer macros of the header. Those that C casts to a pointer or a handle are its bits.</summary>");
        code.Open("public static class CudaConstants");
        foreach (CMacro macro in api.Macros)
        {
            string type = macro.Cast.Length > 0 ? "nint" : macro.Value is < int.MinValue or > uint.MaxValue ? "long"
                : macro.Value is > int.MaxValue ? "uint" : "int";
            code.Line($"public const {type} {macro.Name} = {CSharp.Integer(macro.Value)};");
        }

        code.Close();
        return code.ToString();
    }

    private static void MembersSpeakForThemselves(CodeWriter code)
    {
        code.Line("#pragma warning disable CS1591 // Members carry CUDA's names; what they mean is CUDA's documentation.");
        code.Line();
    }
}
