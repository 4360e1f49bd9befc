using System.Runtime.InteropServices;

namespace CudaRpc.Generator.Clang;

/// <summary>
/// The few functions of libclang's C API that reading a header takes, as function pointers into a library opened by name.
/// </summary>
/// <remarks>
/// Source: clang-c/Index.h, whose ABI is stable since LLVM 3.2. The library stays loaded for the life of the compiler process.
/// </remarks>
internal sealed unsafe class LibClang
{
    private const int BindNow = 2;

    private LibClang(nint library, string path)
    {
        Path = path;
        CreateIndex = (delegate* unmanaged[Cdecl]<int, int, nint>)Symbol(library, "clang_createIndex");
        DisposeIndex = (delegate* unmanaged[Cdecl]<nint, void>)Symbol(library, "clang_disposeIndex");
        ParseTranslationUnit2 = (delegate* unmanaged[Cdecl]<nint, byte*, byte**, int, CXUnsavedFile*, uint, uint, nint*, int>)
            Symbol(library, "clang_parseTranslationUnit2");
        DisposeTranslationUnit = (delegate* unmanaged[Cdecl]<nint, void>)Symbol(library, "clang_disposeTranslationUnit");
        GetNumDiagnostics = (delegate* unmanaged[Cdecl]<nint, uint>)Symbol(library, "clang_getNumDiagnostics");
        GetDiagnostic = (delegate* unmanaged[Cdecl]<nint, uint, nint>)Symbol(library, "clang_getDiagnostic");
        DisposeDiagnostic = (delegate* unmanaged[Cdecl]<nint, void>)Symbol(library, "clang_disposeDiagnostic");
        GetDiagnosticSeverity = (delegate* unmanaged[Cdecl]<nint, int>)Symbol(library, "clang_getDiagnosticSeverity");
        GetDiagnosticSpelling = (delegate* unmanaged[Cdecl]<nint, CXString>)Symbol(library, "clang_getDiagnosticSpelling");
        GetDiagnosticLocation = (delegate* unmanaged[Cdecl]<nint, CXSourceLocation>)Symbol(library, "clang_getDiagnosticLocation");
        GetExpansionLocation = (delegate* unmanaged[Cdecl]<CXSourceLocation, nint*, uint*, uint*, uint*, void>)
            Symbol(library, "clang_getExpansionLocation");
        GetFileName = (delegate* unmanaged[Cdecl]<nint, CXString>)Symbol(library, "clang_getFileName");
        GetCString = (delegate* unmanaged[Cdecl]<CXString, byte*>)Symbol(library, "clang_getCString");
        DisposeString = (delegate* unmanaged[Cdecl]<CXString, void>)Symbol(library, "clang_disposeString");
        GetTranslationUnitCursor = (delegate* unmanaged[Cdecl]<nint, CXCursor>)Symbol(library, "clang_getTranslationUnitCursor");
        VisitChildren = (delegate* unmanaged[Cdecl]<CXCursor, nint, nint, uint>)Symbol(library, "clang_visitChildren");
        GetCursorSpelling = (delegate* unmanaged[Cdecl]<CXCursor, CXString>)Symbol(library, "clang_getCursorSpelling");
        GetCursorLocation = (delegate* unmanaged[Cdecl]<CXCursor, CXSourceLocation>)Symbol(library, "clang_getCursorLocation");
        GetCursorExtent = (delegate* unmanaged[Cdecl]<CXCursor, CXSourceRange>)Symbol(library, "clang_getCursorExtent");
        GetCursorLinkage = (delegate* unmanaged[Cdecl]<CXCursor, CXLinkageKind>)Symbol(library, "clang_getCursorLinkage");
        GetCursorType = (delegate* unmanaged[Cdecl]<CXCursor, CXType>)Symbol(library, "clang_getCursorType");
        GetCursorDefinition = (delegate* unmanaged[Cdecl]<CXCursor, CXCursor>)Symbol(library, "clang_getCursorDefinition");
        EqualCursors = (delegate* unmanaged[Cdecl]<CXCursor, CXCursor, uint>)Symbol(library, "clang_equalCursors");
        CursorIsNull = (delegate* unmanaged[Cdecl]<CXCursor, int>)Symbol(library, "clang_Cursor_isNull");
        CursorIsAnonymousRecordDecl = (delegate* unmanaged[Cdecl]<CXCursor, uint>)Symbol(library, "clang_Cursor_isAnonymousRecordDecl");
        CursorIsBitField = (delegate* unmanaged[Cdecl]<CXCursor, uint>)Symbol(library, "clang_Cursor_isBitField");
        CursorIsMacroFunctionLike = (delegate* unmanaged[Cdecl]<CXCursor, uint>)Symbol(library, "clang_Cursor_isMacroFunctionLike");
        CursorGetNumArguments = (delegate* unmanaged[Cdecl]<CXCursor, int>)Symbol(library, "clang_Cursor_getNumArguments");
        CursorGetArgument = (delegate* unmanaged[Cdecl]<CXCursor, uint, CXCursor>)Symbol(library, "clang_Cursor_getArgument");
        TypeGetOffsetOf = (delegate* unmanaged[Cdecl]<CXType, byte*, long>)Symbol(library, "clang_Type_getOffsetOf");
        GetTypedefDeclUnderlyingType = (delegate* unmanaged[Cdecl]<CXCursor, CXType>)Symbol(library, "clang_getTypedefDeclUnderlyingType");
        GetEnumDeclIntegerType = (delegate* unmanaged[Cdecl]<CXCursor, CXType>)Symbol(library, "clang_getEnumDeclIntegerType");
        GetEnumConstantDeclValue = (delegate* unmanaged[Cdecl]<CXCursor, long>)Symbol(library, "clang_getEnumConstantDeclValue");
        GetTypeDeclaration = (delegate* unmanaged[Cdecl]<CXType, CXCursor>)Symbol(library, "clang_getTypeDeclaration");
        GetTypeSpelling = (delegate* unmanaged[Cdecl]<CXType, CXString>)Symbol(library, "clang_getTypeSpelling");
        GetCanonicalType = (delegate* unmanaged[Cdecl]<CXType, CXType>)Symbol(library, "clang_getCanonicalType");
        TypeGetNamedType = (delegate* unmanaged[Cdecl]<CXType, CXType>)Symbol(library, "clang_Type_getNamedType");
        GetPointeeType = (delegate* unmanaged[Cdecl]<CXType, CXType>)Symbol(library, "clang_getPointeeType");
        IsConstQualifiedType = (delegate* unmanaged[Cdecl]<CXType, uint>)Symbol(library, "clang_isConstQualifiedType");
        GetResultType = (delegate* unmanaged[Cdecl]<CXType, CXType>)Symbol(library, "clang_getResultType");
        GetNumArgTypes = (delegate* unmanaged[Cdecl]<CXType, int>)Symbol(library, "clang_getNumArgTypes");
        GetArgType = (delegate* unmanaged[Cdecl]<CXType, uint, CXType>)Symbol(library, "clang_getArgType");
        GetArrayElementType = (delegate* unmanaged[Cdecl]<CXType, CXType>)Symbol(library, "clang_getArrayElementType");
        GetArraySize = (delegate* unmanaged[Cdecl]<CXType, long>)Symbol(library, "clang_getArraySize");
        TypeGetSizeOf = (delegate* unmanaged[Cdecl]<CXType, long>)Symbol(library, "clang_Type_getSizeOf");
        TypeGetAlignOf = (delegate* unmanaged[Cdecl]<CXType, long>)Symbol(library, "clang_Type_getAlignOf");
        Tokenize = (delegate* unmanaged[Cdecl]<nint, CXSourceRange, CXToken**, uint*, void>)Symbol(library, "clang_tokenize");
        GetTokenSpelling = (delegate* unmanaged[Cdecl]<nint, CXToken, CXString>)Symbol(library, "clang_getTokenSpelling");
        DisposeTokens = (delegate* unmanaged[Cdecl]<nint, CXToken*, uint, void>)Symbol(library, "clang_disposeTokens");
    }

    /// <summary>The name under which the library was opened.</summary>
    public string Path { get; }

    public readonly delegate* unmanaged[Cdecl]<int, int, nint> CreateIndex;
    public readonly delegate* unmanaged[Cdecl]<nint, void> DisposeIndex;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, byte**, int, CXUnsavedFile*, uint, uint, nint*, int> ParseTranslationUnit2;
    public readonly delegate* unmanaged[Cdecl]<nint, void> DisposeTranslationUnit;
    public readonly delegate* unmanaged[Cdecl]<nint, uint> GetNumDiagnostics;
    public readonly delegate* unmanaged[Cdecl]<nint, uint, nint> GetDiagnostic;
    public readonly delegate* unmanaged[Cdecl]<nint, void> DisposeDiagnostic;
    public readonly delegate* unmanaged[Cdecl]<nint, int> GetDiagnosticSeverity;
    public readonly delegate* unmanaged[Cdecl]<nint, CXString> GetDiagnosticSpelling;
    public readonly delegate* unmanaged[Cdecl]<nint, CXSourceLocation> GetDiagnosticLocation;
    public readonly delegate* unmanaged[Cdecl]<CXSourceLocation, nint*, uint*, uint*, uint*, void> GetExpansionLocation;
    public readonly delegate* unmanaged[Cdecl]<nint, CXString> GetFileName;
    public readonly delegate* unmanaged[Cdecl]<CXString, byte*> GetCString;
    public readonly delegate* unmanaged[Cdecl]<CXString, void> DisposeString;
    public readonly delegate* unmanaged[Cdecl]<nint, CXCursor> GetTranslationUnitCursor;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, nint, nint, uint> VisitChildren;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXString> GetCursorSpelling;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXSourceLocation> GetCursorLocation;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXSourceRange> GetCursorExtent;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXLinkageKind> GetCursorLinkage;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXType> GetCursorType;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXCursor> GetCursorDefinition;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXCursor, uint> EqualCursors;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, int> CursorIsNull;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, uint> CursorIsAnonymousRecordDecl;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, uint> CursorIsBitField;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, uint> CursorIsMacroFunctionLike;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, int> CursorGetNumArguments;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, uint, CXCursor> CursorGetArgument;
    public readonly delegate* unmanaged[Cdecl]<CXType, byte*, long> TypeGetOffsetOf;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXType> GetTypedefDeclUnderlyingType;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, CXType> GetEnumDeclIntegerType;
    public readonly delegate* unmanaged[Cdecl]<CXCursor, long> GetEnumConstantDeclValue;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXCursor> GetTypeDeclaration;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXString> GetTypeSpelling;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXType> GetCanonicalType;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXType> TypeGetNamedType;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXType> GetPointeeType;
    public readonly delegate* unmanaged[Cdecl]<CXType, uint> IsConstQualifiedType;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXType> GetResultType;
    public readonly delegate* unmanaged[Cdecl]<CXType, int> GetNumArgTypes;
    public readonly delegate* unmanaged[Cdecl]<CXType, uint, CXType> GetArgType;
    public readonly delegate* unmanaged[Cdecl]<CXType, CXType> GetArrayElementType;
    public readonly delegate* unmanaged[Cdecl]<CXType, long> GetArraySize;
    public readonly delegate* unmanaged[Cdecl]<CXType, long> TypeGetSizeOf;
    public readonly delegate* unmanaged[Cdecl]<CXType, long> TypeGetAlignOf;
    public readonly delegate* unmanaged[Cdecl]<nint, CXSourceRange, CXToken**, uint*, void> Tokenize;
    public readonly delegate* unmanaged[Cdecl]<nint, CXToken, CXString> GetTokenSpelling;
    public readonly delegate* unmanaged[Cdecl]<nint, CXToken*, uint, void> DisposeTokens;

    /// <summary>Opens the library at <paramref name="path"/>, or the first that the machine has where the path is empty.</summary>
    /// <param name="path">A path or a name for dlopen; empty to search.</param>
    /// <param name="reason">Why there is none: the loader's words, or the missing symbol.</param>
    /// <returns>The library, or null with the reason.</returns>
    public static LibClang? Open(string path, out string reason)
    {
        reason = "no library named " + string.Join(", ", Candidates(14)) + " or of a later version was found";

        // Creating an index would install LLVM's handlers for SIGSEGV and others in the whole process, over .NET's, which make a
        // NullReferenceException of one: a null in any other thread would end the compiler server. To take them out again afterwards is too late.
        setenv("LIBCLANG_DISABLE_CRASH_RECOVERY", "1", 1);

        // Called first because binding dlerror itself would clear what it has to say.
        dlerror();
        foreach (string candidate in path.Length > 0 ? [path] : AllCandidates())
        {
            nint library = dlopen(candidate, BindNow);
            if (library == 0)
            {
                if (path.Length > 0)
                {
                    reason = Marshal.PtrToStringAnsi(dlerror()) ?? path;
                }

                continue;
            }

            try
            {
                return new LibClang(library, candidate);
            }
            catch (EntryPointNotFoundException missing)
            {
                reason = candidate + " has no function " + missing.Message;
            }
        }

        return null;
    }

    private static IEnumerable<string> AllCandidates()
    {
        yield return "libclang.so.1";
        for (int version = 14; version <= 22; version++)
        {
            foreach (string candidate in Candidates(version))
            {
                yield return candidate;
            }
        }
    }

    // Debian names the file libclang-14.so.13 and libclang-19.so.19; LLVM's own packages add libclang.so.1 below /usr/lib/llvm-N.
    private static string[] Candidates(int version) =>
    [
        $"libclang-{version}.so.1",
        $"libclang-{version}.so.{(version == 14 ? 13 : version)}",
        $"/usr/lib/llvm-{version}/lib/libclang.so.1",
    ];

    private static void* Symbol(nint library, string name)
    {
        nint symbol = dlsym(library, name);
        return symbol != 0 ? (void*)symbol : throw new EntryPointNotFoundException(name);
    }

    // glibc 2.34 moved these into libc and keeps libdl.so.2 as a name; older systems have them only there.
    [DllImport("libdl.so.2", CharSet = CharSet.Ansi)]
    private static extern nint dlopen(string path, int flags);

    [DllImport("libdl.so.2", CharSet = CharSet.Ansi)]
    private static extern nint dlsym(nint library, string name);

    [DllImport("libdl.so.2")]
    private static extern nint dlerror();

    [DllImport("libc", CharSet = CharSet.Ansi)]
    private static extern int setenv(string name, string value, int overwrite);
}
