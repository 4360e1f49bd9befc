namespace CudaRpc.Generator.Model;

/// <summary>Sizes on 64-bit Linux of the types that a struct or an array holds.</summary>
internal static class CLayout
{
    public static int SizeOf(CType type) => type switch
    {
        CType.Scalar scalar => SizeOf(scalar.Kind),
        CType.Enum named => SizeOf(named.Underlying),
        CType.Record named => named.Size,
        CType.Inline inline => inline.Definition.Size,
        CType.Array array => array.Length * SizeOf(array.Of),
        CType.DevicePointer address => SizeOf(address.Underlying),
        _ => 8,
    };

    public static int SizeOf(ScalarKind kind) => kind switch
    {
        ScalarKind.Char or ScalarKind.SByte or ScalarKind.Byte => 1,
        ScalarKind.Int16 or ScalarKind.UInt16 => 2,
        ScalarKind.Int32 or ScalarKind.UInt32 or ScalarKind.Single => 4,
        _ => 8,
    };
}
