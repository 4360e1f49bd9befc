namespace CudaRpc.Generator.Tests;

/// <summary>Every diagnostic: its id, its place, its words. Nothing is guessed, so every doubt is one of these.</summary>
public sealed class DiagnosticTests
{
    // Line 10 is the first that a test adds.
    private const string Header = """
        #include <stddef.h>
        #define CUDA_VERSION 12000
        typedef enum cudaError_enum { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_NOT_SUPPORTED = 801 } CUresult;
        typedef struct CUstream_st *CUstream;
        typedef struct CUevent_st *CUevent;
        typedef void (*CUhostFn)(void *userData);
        typedef struct CUconfig_st { CUstream hStream; int x; } CUconfig; typedef struct CUdesc_st { int tag; union { CUstream h; CUresult *p; int x; } u; } CUdesc;
        CUresult cuStreamDestroy(CUstream hStream);
        CUresult cuStreamDestroy_v2(CUstream hStream);

        """;

    // Line 2 is the first that a test adds.
    private const string Rules = "handle CUstream = 5 destroy(cuStreamDestroy_v2)\n";

    [Theory]
    [InlineData("CUresult cuX(in p);", "CUDARPC003: clang: unknown type name 'in'", "10,14")]
    [InlineData("#include <stdio.h>", "CUDARPC003: clang: 'stdio.h' file not found", "10,10")]
    [InlineData("typedef struct { int a : 3; } CUbits;", "CUDARPC004: 'CUbits' cannot be expressed: field a is a bit-field", "10,9")]
    [InlineData("int cuX(void);", "CUDARPC004: 'cuX' cannot be expressed: it returns int, not CUresult", "10,5")]
    [InlineData(
        "CUresult cuX(struct nowhere *p);",
        "CUDARPC004: 'cuX' cannot be expressed: struct nowhere has no definition and no typedef", "10,10")]
    [InlineData("CUresult cuX(long double x);", "CUDARPC004: 'cuX' cannot be expressed: the type long double has no counterpart", "10,10")]
    public void Header_InError_IsReportedThere(string line, string expected, string place)
    {
        GeneratorRun run = new GeneratorRun(Header + line + "\n", Rules).Run();

        Assert.Equal($"{GeneratorRun.HeaderPath}({place}): {expected}", run.Diagnostics[0]);
    }

    [Theory]
    [InlineData("void *p", "void* needs a direction and size_is", "void *")]
    [InlineData("const void *p", "void* needs a direction and size_is", "const void *")]
    [InlineData("char *p", "a text buffer needs a direction and size_is", "char *")]
    [InlineData("void **p", "a pointer to a pointer cannot travel", "void **")]
    [InlineData("const char **p", "a pointer to a pointer cannot travel", "const char **")]
    [InlineData("CUhostFn p", "a callback cannot travel", "CUhostFn")]
    [InlineData("CUhostFn *p", "a pointer to a pointer cannot travel", "CUhostFn *")]
    [InlineData("CUstream *p", "an out handle needs handle(create) or handle(lookup)", "CUstream *")]
    [InlineData("const CUstream *p", "an array of handles needs a direction and size_is", "const CUstream *")]
    [InlineData("CUconfig p", "the struct holds pointers or handles", "CUconfig")]
    [InlineData("CUconfig *p", "the struct holds pointers or handles", "CUconfig *")]
    [InlineData("const CUconfig *p", "the struct holds pointers or handles", "const CUconfig *")]
    public void Parameter_WithoutRule_IsNotGuessed(string parameter, string expected, string type)
    {
        GeneratorRun run = new GeneratorRun($"{Header}CUresult cuX({parameter});\n", Rules).Run();

        Assert.Equal(
            [$"{GeneratorRun.HeaderPath}(10,10): CUDARPC012: cuX: parameter 'p' ({type}) needs a rule: {expected}"], run.Diagnostics);
    }

    [Theory]
    [InlineData(
        "cuX asynch", "2,5",
        "CUDARPC007: 'asynch' is no word here; the words are sync, async, blocking, local, custom, unsupported, since, same_as, widened, cache, check")]
    [InlineData(
        "cuX sync (p: inn)", "2,14",
        "CUDARPC007: 'inn' is no word here; the words are in, out, inout, optional, string, bulk, ignore, size_is, length_is, handle")]
    [InlineData("cuX sync(x)", "2,5", "CUDARPC007: 'sync' takes no argument")]
    [InlineData("cuX check", "2,5", "CUDARPC007: 'check' needs an argument in parentheses, without a space before them")]
    [InlineData("cuX since", "2,5", "CUDARPC007: 'since' needs an argument in parentheses, without a space before them")]
    [InlineData("cuX since(soon)", "2,5", "CUDARPC007: 'since' needs a number, not 'soon'")]
    [InlineData("cuX custom(me)", "2,5", "CUDARPC007: 'custom' takes client, server, both, not 'me'")]
    [InlineData("cuX unsupported(never closed", "2,16", "CUDARPC007: this parenthesis is never closed")]
    [InlineData("cuX sync (p in)", "2,13", "CUDARPC007: ':' is missing here")]
    [InlineData("cuX sync (p: in", "2,16", "CUDARPC007: ')' is missing here")]
    [InlineData("cuX (p: in) sync", "2,13", "CUDARPC007: nothing may follow the parameters")]
    [InlineData("cuX sync\n    (p: in,\n     n: out ?)", "4,13", "CUDARPC007: a word is missing here")]
    [InlineData("handle CUevent 6", "2,16", "CUDARPC007: '=' is missing here")]
    [InlineData("handle CUevent = 128", "2,18", "CUDARPC007: a handle's number is 1 to 127, not '128'")]
    [InlineData("cuX sync (p: in size_is(n +))", "2,17", "CUDARPC008: 'n +' is no size of cuX.p: a number or a parameter is missing")]
    [InlineData("cuX sync (p: in size_is(n - 1))", "2,17", "CUDARPC008: 'n - 1' is no size of cuX.p: '- 1' is left over")]
    [InlineData("cuX sync (p: in size_is(*n))", "2,17", "CUDARPC008: '*n' is no size of cuX.p: 'n' is no pointer to an integer")]
    [InlineData("cuX sync (p: in size_is(h))", "2,17", "CUDARPC008: 'h' is no size of cuX.p: 'h' is no integer")]
    [InlineData("cuX sync (p: in size_is(m))", "2,17", "CUDARPC010: There is no parameter 'm' in cuX")]
    [InlineData("cuY sync", "2,1", "CUDARPC009: The header has no function 'cuY'")]
    [InlineData("cuY sync since(12000)", "2,1", "CUDARPC009: The header has no function 'cuY'")]
    [InlineData("handle CUevent = 6 destroy(cuEventDestroy)", "2,1", "CUDARPC009: The header has no function 'cuEventDestroy'")]
    [InlineData("cuStreamDestroy same_as(cuStreamDestroy_v3)", "2,1", "CUDARPC009: The header has no function 'cuStreamDestroy_v3'")]
    [InlineData("cuX unsupported(no) (q: in)", "2,22", "CUDARPC010: There is no parameter 'q' in cuX")]
    [InlineData("cuStreamDestroy sync\ncuStreamDestroy async", "3,1", "CUDARPC011: There is a rule for 'cuStreamDestroy' already")]
    [InlineData("cuX unsupported(no)\nhandle CUstream = 6", "3,1", "CUDARPC011: There is a rule for 'CUstream' already")]
    [InlineData("cuX sync (p: in size_is(n), p: in)", "2,29", "CUDARPC011: There is a rule for 'cuX.p' already")]
    [InlineData(
        "cuX sync (p: in)", "2,11",
        "CUDARPC012: cuX: parameter 'p' (const void *) needs a rule: void* needs a direction and size_is")]
    [InlineData("cuX sync local", "2,1", "CUDARPC013: 'local' does not fit cuX: it is 'sync' already")]
    [InlineData("cuX local custom(both)", "2,1", "CUDARPC013: 'custom' does not fit cuX: it does not travel")]
    [InlineData("cuX local check(Look)", "2,1", "CUDARPC013: 'check' does not fit cuX: its client half is not generated")]
    [InlineData("cuX local (p: in)", "2,1", "CUDARPC013: 'a rule about parameters' does not fit cuX: it does not travel")]
    [InlineData("cuX sync (p: out size_is(n))", "2,11", "CUDARPC013: 'out' does not fit cuX.p: it points to const")]
    [InlineData("cuX sync (p: in size_is(n), n: out)", "2,29", "CUDARPC013: 'out' does not fit cuX.n: it is no pointer")]
    [InlineData("cuX sync (p: in size_is(n), n: size_is(4))", "2,29", "CUDARPC013: 'size_is' does not fit cuX.n: it is no array")]
    [InlineData("cuX sync (p: in size_is(n) length_is(n))", "2,11", "CUDARPC013: 'length_is' does not fit cuX.p: it is no array out")]
    [InlineData(
        "cuX sync (p: in bulk size_is(n) optional)", "2,11",
        "CUDARPC013: 'bulk' does not fit cuX.p: bulk goes one way and is never left out")]
    [InlineData("cuX sync (p: in string size_is(n))", "2,11", "CUDARPC013: 'string' does not fit cuX.p: it does not point to char")]
    [InlineData(
        "cuX sync (p: in size_is(n), n: optional)", "2,29",
        "CUDARPC013: 'optional' does not fit cuX.n: it is neither pointer nor handle")]
    [InlineData(
        "cuX sync (p: in size_is(n), n: handle(destroy))", "2,29",
        "CUDARPC013: 'handle' does not fit cuX.n: it is no handle of that kind")]
    [InlineData(
        "cuX sync (p: in size_is(n), h: handle(create))", "2,29",
        "CUDARPC013: 'handle' does not fit cuX.h: it is no handle of that kind")]
    [InlineData(
        "handle CUevent = 6 destroy(cuStreamDestroy)", "2,1",
        "CUDARPC013: 'destroy(cuStreamDestroy)' does not fit CUevent: cuStreamDestroy does not take a CUevent alone")]
    [InlineData(
        "cuStreamDestroy same_as(cuX)", "2,1",
        "CUDARPC014: cuStreamDestroy(CUstream) is not the same as cuX(const void*,int,CUstream)")]
    [InlineData(
        "cuStreamDestroy widened(cuX)", "2,1",
        "CUDARPC017: cuStreamDestroy(CUstream) is no 32-bit form of cuX(const void*,int,CUstream): 1 parameters are not 3")]
    [InlineData("cuX widened(cuY)", "2,1", "CUDARPC009: The header has no function 'cuY'")]
    [InlineData("cuX widened(cuX, cuX)", "2,1", "CUDARPC007: 'widened(cuX, cuX)' is not widened(f) or widened(f, undo(g))")]
    [InlineData(
        "cuX widened(cuX, undo(cuX))", "2,1",
        "CUDARPC013: 'undo(cuX)' does not fit cuX: cuX does not take a device address alone")]
    [InlineData("handle CUevent = 5", "2,1", "CUDARPC016: Handle 'CUevent': its number 5 is CUstream's")]
    [InlineData("handle CUarray = 6", "2,1", "CUDARPC016: Handle 'CUarray': the header has no such opaque handle")]
    public void Rule_InError_IsReportedThere(string rule, string place, string expected)
    {
        GeneratorRun run = new GeneratorRun($"{Header}CUresult cuX(const void *p, int n, CUstream h);\n", $"{Rules}{rule}\n").Run();

        Assert.Contains($"{GeneratorRun.RulesPath}({place}): {expected}", run.Diagnostics);
    }

    [Theory]
    [InlineData("cuX async", "int *p", "'async' does not fit cuX.p: a posted call brings nothing back but new handles")]
    [InlineData(
        "cuX sync (p: handle(create), q: handle(create))",
        "CUstream *p, CUstream *q", "'handle(create)' does not fit cuX.q: a call has room for one")]
    [InlineData(
        "cuX sync (p: handle(create) optional)",
        "CUstream *p", "'optional' does not fit cuX.p: a call that creates must say where to")]
    [InlineData("cuX sync (p: handle(destroy))", "CUstream *p", "'handle' does not fit cuX.p: it is no handle of that kind")]
    [InlineData(
        "cuX sync (p: in bulk size_is(1), q: in bulk size_is(1))",
        "const void *p, const void *q", "'bulk' does not fit cuX.q: a call has room for one")]
    [InlineData("cuX sync (p: in out size_is(1))", "void *p", "'out' does not fit cuX.p: it has a direction already")]
    [InlineData("cuX sync (p: bulk)", "int *p", "'bulk' does not fit cuX.p: it needs size_is")]
    public void Rule_ThatDoesNotFitTheType_IsRefused(string rule, string parameters, string expected)
    {
        GeneratorRun run = new GeneratorRun($"{Header}CUresult cuX({parameters});\n", $"{Rules}{rule}\n").Run();

        string diagnostic = Assert.Single(run.Diagnostics);
        Assert.StartsWith(GeneratorRun.RulesPath + "(2,", diagnostic);
        Assert.EndsWith("): CUDARPC013: " + expected, diagnostic);
    }

    [Theory]
    [InlineData("struct CUnone (x: handle)", "2,1", "CUDARPC018: The header has no struct 'CUnone' (its first typedef is its name)")]
    [InlineData("struct CUconfig (y: handle)", "2,18", "CUDARPC010: There is no parameter 'y' in CUconfig")]
    [InlineData(
        "struct CUconfig (x: in)", "2,1",
        "CUDARPC012: CUconfig: parameter 'hStream' (CUstream) needs a rule: a handle needs handle or ignore")]
    [InlineData("struct CUconfig (hStream: handle)\nstruct CUconfig (hStream: handle)", "3,1", "CUDARPC011: There is a rule for 'CUconfig' already")]
    [InlineData(
        "struct CUdesc (u.h: handle, u.p: ignore)", "2,16",
        "CUDARPC012: CUdesc: parameter 'u.h' (CUstream) needs a rule: a member of a union needs where(...)")]
    [InlineData(
        "struct CUdesc (u.h: handle where(tag == 1))", "2,1",
        "CUDARPC012: CUdesc: parameter 'u.p' (CUresult *) needs a rule: a pointer needs in size_is(...), address or ignore")]
    [InlineData(
        "struct CUdesc (u.p: in size_is(n) where(tag == 1), u.h: ignore)", "2,24",
        "CUDARPC008: 'n' is no size of CUdesc.u.p: 'n' is no integer beside it")]
    [InlineData("struct CUdesc (u.h: handle where(tag))", "2,28", "CUDARPC013: 'where(tag)' does not fit CUdesc: it is not field == value")]
    [InlineData("struct CUdesc (u.h: handle where(t == 1))", "2,28", "CUDARPC013: 'where(t == 1)' does not fit CUdesc: 't' is no field")]
    [InlineData("struct CUdesc (u.h: handle where(tag == x))", "2,28", "CUDARPC013: 'where(tag == x)' does not fit CUdesc: 'x' is no number")]
    [InlineData("struct CUdesc (u.h: handle(create))", "2,21", "CUDARPC007: 'handle' takes no argument")]
    public void StructRule_InError_IsReportedThere(string rule, string place, string expected)
    {
        GeneratorRun run = new GeneratorRun(Header, $"{Rules}{rule}\n").Run();

        Assert.Contains($"{GeneratorRun.RulesPath}({place}): {expected}", run.Diagnostics);
    }

    [Theory]
    [InlineData("", "CUdesc *p", "'out' does not fit cuX.p: the arrays inside do not come back")]
    [InlineData("cuX sync (p: in size_is(4))", "const CUdesc *p", "'size_is' does not fit cuX.p: several structs go in only, and without arrays inside")]
    public void Struct_WithArrays_TravelsAloneAndIn(string rule, string parameter, string expected)
    {
        string rules = $"{Rules}struct CUdesc (u.h: ignore, u.p: in size_is(4) where(tag == 1))\n{rule}\n";

        Assert.EndsWith(
            ": CUDARPC013: " + expected, Assert.Single(new GeneratorRun($"{Header}CUresult cuX({parameter});\n", rules).Run().Diagnostics));
    }

    [Fact]
    public void Handle_WithoutALine_IsReported()
    {
        GeneratorRun run = new GeneratorRun($"{Header}CUresult cuX(CUevent e);\n", Rules).Run();

        Assert.Equal(
            [$"{GeneratorRun.HeaderPath}(10,10): CUDARPC016: Handle 'CUevent': cuX passes one, and the rules have no line for it"],
            run.Diagnostics);
    }

    [Fact]
    public void Rule_NewerThanTheHeader_IsSkipped()
    {
        GeneratorRun run = new GeneratorRun(Header, Rules + "cuNew sync since(12010)\nhandle CUnew = 9 since(12010)\n").Run();

        Assert.Empty(run.Diagnostics);
    }

    [Fact]
    public void CallNumbers_ThatCollide_AreRefused()
    {
        // Found by search: FNV-1a 32 of the two signatures is the same.
        GeneratorRun run = new GeneratorRun($"{Header}CUresult cuA1148010(int x);\nCUresult cuA731871(int x);\n", Rules).Run();

        Assert.Equal(
            [$"{GeneratorRun.HeaderPath}(11,10): CUDARPC015: The call number of cuA731871 is that of cuA1148010"],
            run.Diagnostics);
    }

    [Fact]
    public void LibClang_ThatIsNotThere_IsReportedWithTheLoadersWords()
    {
        GeneratorRun run = new GeneratorRun(Header, Rules).Property("CudaRpcLibClang", "/nowhere/libclang.so").Run();

        string diagnostic = Assert.Single(run.Diagnostics);
        Assert.StartsWith($"{GeneratorRun.HeaderPath}(1,1): CUDARPC001: libclang could not be loaded: /nowhere/libclang.so: ", diagnostic);
    }

    [Fact]
    public void LibClang_WithoutItsFunctions_IsReportedByName()
    {
        GeneratorRun run = new GeneratorRun(Header, Rules).Property("CudaRpcLibClang", "libc.so.6").Run();

        Assert.Contains("libc.so.6 has no function clang_createIndex", Assert.Single(run.Diagnostics));
    }

    [Fact]
    public void Header_ThatIsNotThere_IsReportedByItsProperty()
    {
        GeneratorRun run = new GeneratorRun(null, Rules).Run();

        Assert.Equal(
            [$"CUDARPC002: CudaRpcEmit is set, but the header '{GeneratorRun.HeaderPath}' does not exist (set CudaHeader)"],
            run.Diagnostics);
    }

    [Fact]
    public void Rules_ThatAreNotThere_AreMissedOnlyByRolesThatNeedThem()
    {
        Assert.Empty(new GeneratorRun(Header, null, "types,contract,native,exports").Run().Diagnostics);
        Assert.Equal(
            [$"CUDARPC006: CudaRpcEmit asks for 'remote', but the rules '{GeneratorRun.RulesPath}' do not exist (set CudaRules)"],
            new GeneratorRun(Header, null, "types,remote").Run().Diagnostics);
    }

    [Fact]
    public void Role_ThatIsUnknown_IsReported()
    {
        GeneratorRun run = new GeneratorRun(Header, Rules, "types,clients").Run();

        Assert.Equal(
            ["CUDARPC005: CudaRpcEmit names 'clients'; the roles are types, contract, native, remote, dispatcher, exports, tracing"],
            run.Diagnostics);
    }

    [Fact]
    public void Project_ThatEmitsNothing_NeedsNothing()
    {
        GeneratorRun run = new GeneratorRun("this is not C", null, "").Run();

        Assert.Empty(run.Diagnostics);
        Assert.Empty(run.Files);
    }

    [Fact]
    public void Function_WhoseRuleIsInError_IsNotEmitted()
    {
        GeneratorRun run = new GeneratorRun($"{Header}CUresult cuX(void *p);\n", Rules).Run();

        Assert.DoesNotContain("cuX", run.Files["RemoteDriver.Other.g.cs"]);
        Assert.DoesNotContain("cuX", run.Files["CallId.g.cs"]);
        Assert.Contains("\"its rule is in error\"", run.Files["Coverage.g.cs"]);
    }
}
