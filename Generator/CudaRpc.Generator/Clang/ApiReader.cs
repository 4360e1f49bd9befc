using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Clang;

/// <summary>Walks the cursors of a header and builds the model.</summary>
internal sealed unsafe partial class ApiReader(LibClang clang, TranslationUnit unit)
{
    private readonly List<CFunction> _functions = [];
    private readonly List<CRecord> _records = [];
    private readonly List<CEnum> _enums = [];
    private readonly List<CHandle> _handles = [];
    private readonly List<CDevicePointer> _devicePointers = [];
    private readonly List<CMacro> _macros = [];
    private readonly List<Problem> _problems = [];

    // Canonical spelling ("struct CUctx_st *") to the first typedef that names it.
    private readonly Dictionary<string, string> _names = [];
    private readonly HashSet<string> _seen = [];

    public HeaderResult Read()
    {
        List<CXCursor> declarations = [.. unit.Declarations];
        foreach (CXCursor cursor in declarations.Where(cursor => cursor.Kind == CXCursorKind.TypedefDecl))
        {
            ReadTypedef(cursor);
        }

        foreach (CXCursor cursor in declarations)
        {
            try
            {
                ReadDeclaration(cursor);
            }
            catch (UnsupportedDeclarationException unsupported)
            {
                _problems.Add(Problem.At(unit.PlaceOf(cursor), Problems.UnsupportedDeclaration, Name(cursor), unsupported.Message));
            }
        }

        _functions.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        CApi api = new(
            _macros.FirstOrDefault(macro => macro.Name == "CUDA_VERSION")?.Value ?? 0,
            new(_functions),
            new(_records),
            new(_enums),
            new(_handles),
            new(_devicePointers),
            new(_macros));
        return new(_problems.Count == 0 ? api : null, new(_problems));
    }

    private void ReadTypedef(CXCursor cursor)
    {
        string name = Spelling(cursor);
        CXType canonical = clang.GetCanonicalType(clang.GetTypedefDeclUnderlyingType(cursor));
        switch (canonical.Kind)
        {
            case CXTypeKind.Record or CXTypeKind.Enum:
                NameFirst(canonical, name);
                break;
            case CXTypeKind.Pointer when IsOpaque(clang.GetPointeeType(canonical)):
                if (NameFirst(canonical, name))
                {
                    _handles.Add(new(name, Spelling(clang.GetPointeeType(canonical))));
                }

                break;
            default:
                if (DevicePointerName(name) == name)
                {
                    _devicePointers.Add(new(name, Scalar(canonical)));
                }

                break;
        }
    }

    private bool NameFirst(CXType canonical, string name)
    {
        string key = Spelling(canonical);
        if (_names.ContainsKey(key))
        {
            return false;
        }

        _names.Add(key, name);
        return true;
    }

    private void ReadDeclaration(CXCursor cursor)
    {
        switch (cursor.Kind)
        {
            case CXCursorKind.StructDecl or CXCursorKind.UnionDecl when IsDefinition(cursor):
                _records.Add(ReadRecord(cursor, NameOf(clang.GetCursorType(cursor))));
                break;
            case CXCursorKind.EnumDecl when IsDefinition(cursor):
                _enums.Add(ReadEnum(cursor));
                break;
            case CXCursorKind.FunctionDecl when IsExported(cursor) && Spelling(cursor) is var name && _seen.Add(name):
                _functions.Add(ReadFunction(cursor, name));
                break;
            case CXCursorKind.MacroDefinition when clang.CursorIsMacroFunctionLike(cursor) == 0:
                if (MacroValue.Parse(unit.Tokens(cursor)) is { } macro && _seen.Add(macro.Name))
                {
                    _macros.Add(macro);
                }

                break;
        }
    }

    private CFunction ReadFunction(CXCursor cursor, string name)
    {
        CXType result = clang.GetResultType(clang.GetCursorType(cursor));
        if (TypeOf(result) is not CType.Enum { Name: "CUresult" })
        {
            throw new UnsupportedDeclarationException($"it returns {Spelling(result)}, not CUresult");
        }

        List<CParameter> parameters = [];
        for (int i = 0; i < clang.CursorGetNumArguments(cursor); i++)
        {
            CXCursor parameter = clang.CursorGetArgument(cursor, (uint)i);
            CXType type = clang.GetCursorType(parameter);
            string parameterName = Spelling(parameter);
            parameters.Add(new(parameterName.Length > 0 ? parameterName : $"arg{i}", TypeOf(type), Spelling(type)));
        }

        return new(name, new(parameters), unit.PlaceOf(cursor));
    }

    private CEnum ReadEnum(CXCursor cursor)
    {
        CXType type = clang.GetCursorType(cursor);
        return new(
            NameOf(type),
            Tag(type),
            UnderlyingOf(cursor),
            new(unit.Children(cursor)
                .Where(member => member.Kind == CXCursorKind.EnumConstantDecl)
                .Select(member => new CConstant(Spelling(member), clang.GetEnumConstantDeclValue(member)))));
    }

    private CRecord ReadRecord(CXCursor cursor, string name)
    {
        CXType type = clang.GetCursorType(cursor);
        List<CField> fields = [];
        ReadFields(cursor, type, fields);
        return new(name, Tag(type), (int)clang.TypeGetSizeOf(type), (int)clang.TypeGetAlignOf(type), new(fields));
    }

    /// <summary>Adds the fields of a record, and those of its anonymous members, at their offsets in <paramref name="outer"/>.</summary>
    private void ReadFields(CXCursor record, CXType outer, List<CField> fields)
    {
        foreach (CXCursor child in unit.Children(record))
        {
            string name = Spelling(child);
            if (child.Kind is CXCursorKind.StructDecl or CXCursorKind.UnionDecl && clang.CursorIsAnonymousRecordDecl(child) != 0)
            {
                ReadFields(child, outer, fields);
            }
            else if (child.Kind == CXCursorKind.FieldDecl && name.Length > 0)
            {
                if (clang.CursorIsBitField(child) != 0)
                {
                    throw new UnsupportedDeclarationException($"field {name} is a bit-field");
                }

                long offset = unit.OffsetOf(outer, name);
                fields.Add(new(name, TypeOf(clang.GetCursorType(child), name), (int)(offset / 8)));
            }
        }
    }

    private string NameOf(CXType type)
    {
        string canonical = Spelling(clang.GetCanonicalType(type));
        return _names.TryGetValue(canonical, out string? name) ? name : canonical.Substring(canonical.LastIndexOf(' ') + 1);
    }

    // A type without a tag is spelled "struct (unnamed at cuda.h:12:9)", or as its typedef, by libclang.
    private string Tag(CXType type) =>
        Spelling(clang.GetCanonicalType(type)) is var spelling && spelling.IndexOf('(') < 0 ? spelling : "";

    private bool IsOpaque(CXType type) =>
        type.Kind == CXTypeKind.Record && clang.CursorIsNull(clang.GetCursorDefinition(clang.GetTypeDeclaration(type))) != 0;

    // A header's own inline helpers are static.
    private bool IsExported(CXCursor cursor) => clang.GetCursorLinkage(cursor) == CXLinkageKind.External;

    private bool IsDefinition(CXCursor cursor) => clang.EqualCursors(cursor, clang.GetCursorDefinition(cursor)) != 0;

    private string Name(CXCursor cursor) => Spelling(cursor) is { Length: > 0 } name ? name : NameOf(clang.GetCursorType(cursor));

    private string Spelling(CXCursor cursor) => unit.Text(clang.GetCursorSpelling(cursor));

    private string Spelling(CXType type) => unit.Text(clang.GetTypeSpelling(type));
}
