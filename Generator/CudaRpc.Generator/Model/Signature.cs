namespace CudaRpc.Generator.Model;

/// <summary>Signatures spelled so that the same ABI has the same spelling, whatever the header's typedefs.</summary>
internal static class Signature
{
    /// <summary>The signature that a call's number is the hash of: <c>cuMemAlloc_v2(CUdeviceptr*,size_t)</c>.</summary>
    public static string Of(CFunction function) => function.Name + Parameters(function);

    /// <summary>The parameters: <c>(CUdeviceptr*,size_t)</c>.</summary>
    public static string Parameters(CFunction function) =>
        $"({string.Join(",", function.Parameters.Select(parameter => Of(parameter.Type)))})";

    /// <summary>A call's number: FNV-1a, 32 bits, of the signature's ASCII.</summary>
    public static uint CallId(CFunction function)
    {
        uint hash = 2166136261;
        foreach (char character in Of(function))
        {
            hash = unchecked((hash ^ character) * 16777619);
        }

        return hash;
    }

    // A struct's size is part of it: CUDA grows structs under the same name, and then the two ends must not talk about it.
    private static string Of(CType type) => type switch
    {
        CType.Void => "void",
        CType.Scalar scalar => Spell(scalar.Kind),
        CType.Enum named => named.Name,
        CType.Record named => $"{named.Name}[{named.Size}]",
        CType.Handle named => named.Name,
        CType.DevicePointer named => named.Name,
        CType.Pointer pointer => (pointer.Const ? "const " : "") + Of(pointer.To) + "*",
        CType.Callback callback => $"{Of(callback.Result)}({string.Join(",", callback.Parameters.Select(Of))})",
        _ => throw new ArgumentException($"{type} is no parameter's type"),
    };

    /// <summary>An arithmetic type as C spells it.</summary>
    public static string Spell(ScalarKind kind) => kind switch
    {
        ScalarKind.Char => "char",
        ScalarKind.SByte => "signed char",
        ScalarKind.Byte => "unsigned char",
        ScalarKind.Int16 => "short",
        ScalarKind.UInt16 => "unsigned short",
        ScalarKind.Int32 => "int",
        ScalarKind.UInt32 => "unsigned int",
        ScalarKind.Int64 => "long long",
        ScalarKind.UInt64 => "unsigned long long",
        ScalarKind.Size => "size_t",
        ScalarKind.Single => "float",
        _ => "double",
    };
}
