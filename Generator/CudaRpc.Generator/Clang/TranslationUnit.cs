using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Clang;

/// <summary>One parsed header. Owns libclang's index and translation unit.</summary>
internal sealed unsafe class TranslationUnit : IDisposable
{
    private const uint DetailedPreprocessingRecord = 1;
    private const uint SkipFunctionBodies = 0x40;
    private const int SeverityError = 3;
    private const uint VisitContinue = 1;

    private readonly LibClang _clang;
    private readonly string _path;
    private nint _index;
    private nint _unit;

    private TranslationUnit(LibClang clang, string path, nint index, nint unit)
    {
        _clang = clang;
        _path = path;
        _index = index;
        _unit = unit;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate uint Visitor(CXCursor cursor, CXCursor parent, nint data);

    /// <summary>The declarations and macros at file scope, in order, of the header alone.</summary>
    public IEnumerable<CXCursor> Declarations
    {
        get
        {
            List<CXCursor> all = Children(_clang.GetTranslationUnitCursor(_unit));
            // By place of expansion: clang_Location_isFromMainFile denies what a macro named.
            all.RemoveAll(cursor => PlaceOf(cursor).File != _path);
            return all;
        }
    }

    /// <summary>Parses a header hermetically: no include directory but the stand-ins', and every text from the inputs.</summary>
    public static TranslationUnit Parse(LibClang clang, HeaderInput input)
    {
        List<nint> memory = [];
        nint index = clang.CreateIndex(1, 0);
        try
        {
            nint[] arguments = [.. Arguments(input).Select(argument => (nint)Utf8(argument, memory, out _))];
            CXUnsavedFile[] files = [.. Unsaved(input, memory)];
            nint unit;
            int error;
            fixed (nint* argumentsPointer = arguments)
            fixed (CXUnsavedFile* filesPointer = files)
            {
                error = clang.ParseTranslationUnit2(
                    index,
                    Utf8(input.Header.Path, memory, out _),
                    (byte**)argumentsPointer,
                    arguments.Length,
                    filesPointer,
                    (uint)files.Length,
                    DetailedPreprocessingRecord | SkipFunctionBodies,
                    &unit);
            }

            if (error != 0)
            {
                throw new InvalidOperationException($"clang_parseTranslationUnit2 of {input.Header.Path} failed with error {error}");
            }

            TranslationUnit result = new(clang, input.Header.Path, index, unit);
            index = 0;
            return result;
        }
        finally
        {
            memory.ForEach(Marshal.FreeHGlobal);
            if (index != 0)
            {
                clang.DisposeIndex(index);
            }
        }
    }

    public void Dispose()
    {
        if (_unit != 0)
        {
            _clang.DisposeTranslationUnit(_unit);
            _clang.DisposeIndex(_index);
            _unit = _index = 0;
        }
    }

    /// <summary>The errors that clang found, each where it found it.</summary>
    public IEnumerable<Problem> Errors()
    {
        List<Problem> errors = [];
        for (uint i = 0; i < _clang.GetNumDiagnostics(_unit); i++)
        {
            nint diagnostic = _clang.GetDiagnostic(_unit, i);
            if (_clang.GetDiagnosticSeverity(diagnostic) >= SeverityError)
            {
                Place place = PlaceOf(_clang.GetDiagnosticLocation(diagnostic));
                errors.Add(Problem.At(place, Problems.ClangError, Text(_clang.GetDiagnosticSpelling(diagnostic))));
            }

            _clang.DisposeDiagnostic(diagnostic);
        }

        return errors;
    }

    /// <summary>The direct children of a cursor.</summary>
    public List<CXCursor> Children(CXCursor parent)
    {
        List<CXCursor> children = [];
        Visitor visitor = (cursor, _, _) =>
        {
            children.Add(cursor);
            return VisitContinue;
        };
        _clang.VisitChildren(parent, Marshal.GetFunctionPointerForDelegate(visitor), 0);
        GC.KeepAlive(visitor);
        return children;
    }

    /// <summary>The spellings of the tokens that make up a cursor.</summary>
    public List<string> Tokens(CXCursor cursor)
    {
        CXToken* tokens;
        uint count;
        _clang.Tokenize(_unit, _clang.GetCursorExtent(cursor), &tokens, &count);
        List<string> spellings = [];
        for (uint i = 0; i < count; i++)
        {
            spellings.Add(Text(_clang.GetTokenSpelling(_unit, tokens[i])));
        }

        _clang.DisposeTokens(_unit, tokens, count);
        return spellings;
    }

    /// <summary>The offset of a field, or of a field of an anonymous member, in bits from the start of a record.</summary>
    public long OffsetOf(CXType record, string field)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(field + "\0"))
        {
            return _clang.TypeGetOffsetOf(record, name);
        }
    }

    /// <summary>Where a cursor is.</summary>
    public Place PlaceOf(CXCursor cursor) => PlaceOf(_clang.GetCursorLocation(cursor));

    /// <summary>The text of a libclang string, which is disposed of.</summary>
    public string Text(CXString value)
    {
        byte* text = _clang.GetCString(value);
        int length = 0;
        while (text != null && text[length] != 0)
        {
            length++;
        }

        string result = length == 0 ? "" : Encoding.UTF8.GetString(text, length);
        _clang.DisposeString(value);
        return result;
    }

    private static IEnumerable<string> Arguments(HeaderInput input)
    {
        yield return "-nostdinc";
        foreach (string directory in input.Libc.Select(file => file.Directory).Distinct())
        {
            yield return "-isystem";
            yield return directory;
        }

        yield return "-x";
        yield return "c";
        yield return "-std=c11";
        yield return "-target";
        yield return "x86_64-unknown-linux-gnu";

        // NVIDIA's header declares the old entry points and the per-thread-stream twins only in this, its driver's own, view.
        yield return "-D__CUDA_API_VERSION_INTERNAL";
    }

    private static IEnumerable<CXUnsavedFile> Unsaved(HeaderInput input, List<nint> memory)
    {
        List<CXUnsavedFile> files = [];
        foreach (TextFile file in input.Libc.Prepend(input.Header))
        {
            byte* contents = Utf8(file.Text, memory, out int length);
            files.Add(new() { Filename = Utf8(file.Path, memory, out _), Contents = contents, Length = (nuint)length });
        }

        return files;
    }

    private static byte* Utf8(string text, List<nint> memory, out int length)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        length = bytes.Length;
        nint copy = Marshal.AllocHGlobal(length + 1);
        memory.Add(copy);
        Marshal.Copy(bytes, 0, copy, length);
        ((byte*)copy)[length] = 0;
        return (byte*)copy;
    }

    private Place PlaceOf(CXSourceLocation location)
    {
        nint file;
        uint line;
        uint column;
        uint offset;
        _clang.GetExpansionLocation(location, &file, &line, &column, &offset);
        return new(file == 0 ? "" : Text(_clang.GetFileName(file)), (int)line, (int)column);
    }
}
