using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Clang;

// Types: typedefs are resolved until they mean something of their own.
internal sealed unsafe partial class ApiReader
{
    private CType TypeOf(CXType type, string field = "")
    {
        switch (type.Kind)
        {
            case CXTypeKind.Elaborated:
                return TypeOf(clang.TypeGetNamedType(type), field);
            case CXTypeKind.Typedef:
                return TypedefOf(type, field);
            case CXTypeKind.Void:
                return new CType.Void();
            case CXTypeKind.Enum:
                return new CType.Enum(NameOf(type), UnderlyingOf(clang.GetTypeDeclaration(type)));
            case CXTypeKind.Record:
                return RecordOf(type, field);
            case CXTypeKind.Pointer:
                return PointerTo(clang.GetPointeeType(type));
            case CXTypeKind.ConstantArray:
                return new CType.Array(TypeOf(clang.GetArrayElementType(type), field), (int)clang.GetArraySize(type));
            case CXTypeKind.IncompleteArray:
                return PointerTo(clang.GetArrayElementType(type));
            default:
                return new CType.Scalar(Scalar(type));
        }
    }

    private CType TypedefOf(CXType type, string field)
    {
        CXCursor declaration = clang.GetTypeDeclaration(type);
        string name = Spelling(declaration);
        if (name == "size_t")
        {
            return new CType.Scalar(ScalarKind.Size);
        }

        if (DevicePointerName(name) is { } devicePointer)
        {
            return new CType.DevicePointer(devicePointer, Scalar(clang.GetCanonicalType(type)));
        }

        return TypeOf(clang.GetTypedefDeclUnderlyingType(declaration), field);
    }

    private CType PointerTo(CXType pointee)
    {
        CXType canonical = clang.GetCanonicalType(pointee);
        if (IsOpaque(canonical))
        {
            return _names.TryGetValue(Spelling(canonical) + " *", out string? handle)
                ? new CType.Handle(handle)
                : throw new UnsupportedDeclarationException($"{Spelling(pointee)} has no definition and no typedef");
        }

        return canonical.Kind is CXTypeKind.FunctionProto or CXTypeKind.FunctionNoProto
            ? CallbackOf(pointee)
            : new CType.Pointer(TypeOf(pointee), clang.IsConstQualifiedType(pointee) != 0);
    }

    private CType CallbackOf(CXType function)
    {
        List<CType> parameters = [];
        for (int i = 0; i < clang.GetNumArgTypes(function); i++)
        {
            parameters.Add(TypeOf(clang.GetArgType(function, (uint)i)));
        }

        return new CType.Callback(TypeOf(clang.GetResultType(function)), new(parameters));
    }

    private CType RecordOf(CXType type, string field)
    {
        if (_names.ContainsKey(Spelling(clang.GetCanonicalType(type))))
        {
            return new CType.Record(NameOf(type), (int)clang.TypeGetSizeOf(type));
        }

        return field.Length > 0
            ? new CType.Inline(ReadRecord(clang.GetTypeDeclaration(type), InlineName(field)))
            : throw new UnsupportedDeclarationException($"{Spelling(type)} has no typedef");
    }

    private static string InlineName(string field)
    {
        string name = char.ToUpperInvariant(field[0]) + field.Substring(1);
        return name == field ? name + "_t" : name;
    }

    // The typedefs chain to the integer in one of two ways: CUdeviceptr (= CUdeviceptr_v2) is 64 bits, CUdeviceptr_v1 is 32.
    private static string? DevicePointerName(string typedef) => typedef switch
    {
        "CUdeviceptr" or "CUdeviceptr_v2" => "CUdeviceptr",
        "CUdeviceptr_v1" => typedef,
        _ => null,
    };

    private ScalarKind Scalar(CXType type) => type.Kind switch
    {
        CXTypeKind.CharS or CXTypeKind.CharU => ScalarKind.Char,
        CXTypeKind.SChar => ScalarKind.SByte,
        CXTypeKind.UChar or CXTypeKind.Bool => ScalarKind.Byte,
        CXTypeKind.Short => ScalarKind.Int16,
        CXTypeKind.UShort => ScalarKind.UInt16,
        CXTypeKind.Int => ScalarKind.Int32,
        CXTypeKind.UInt => ScalarKind.UInt32,
        CXTypeKind.Long or CXTypeKind.LongLong => ScalarKind.Int64,
        CXTypeKind.ULong or CXTypeKind.ULongLong => ScalarKind.UInt64,
        CXTypeKind.Float => ScalarKind.Single,
        CXTypeKind.Double => ScalarKind.Double,
        _ => throw new UnsupportedDeclarationException($"the type {Spelling(type)} has no counterpart"),
    };

    private ScalarKind UnderlyingOf(CXCursor enumeration) => Scalar(clang.GetCanonicalType(clang.GetEnumDeclIntegerType(enumeration)));
}
