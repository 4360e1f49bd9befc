namespace CudaRpc.Generator.Tests;

/// <summary>Headers that are older or newer than the one that the rules and the hand-written code know.</summary>
public sealed class OtherHeaderTests
{
    private const string Older = """
        #include <stddef.h>
        #define CUDA_VERSION 11080
        #define CU_OLD 1
        typedef enum cudaError_enum { CUDA_SUCCESS = 0, CUDA_ERROR_NOT_INITIALIZED = 3, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_NOT_SUPPORTED = 801, CUDA_ERROR_UNKNOWN = 999 } CUresult;
        typedef struct CUctx_st *CUcontext;
        typedef enum CUlimit_enum { CU_LIMIT_STACK = 0, CU_LIMIT_MAX = 1 } CUlimit;
        typedef struct CUpart_st { int x; } CUpart;
        typedef struct CUparams_st { int x; int reserved[3]; } CUparams;
        typedef struct CUvalue_st { union { int a; char pad[8]; } u; } CUvalue;
        CUresult cuGet(CUlimit old, const CUparams *params, const CUvalue *value);
        """;

    private const string Ours = """
        #include <stddef.h>
        #define CUDA_VERSION 13000
        #define CU_OLD 2
        #define CU_NEW 3
        typedef enum cudaError_enum { CUDA_SUCCESS = 0, CUDA_ERROR_NOT_INITIALIZED = 3, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_NOT_SUPPORTED = 801, CUDA_ERROR_UNKNOWN = 999 } CUresult;
        typedef struct CUctx_st *CUcontext;
        typedef enum CUlimit_enum { CU_LIMIT_STACK = 0, CU_LIMIT_HEAP = 1, CU_LIMIT_MAX = 2 } CUlimit;
        typedef struct CUstream_st *CUstream;
        typedef struct CUpart_st { int x; int y; } CUpart;
        typedef struct CUparams_v1_st { int x; int reserved[3]; } CUparams_v1;
        typedef CUparams_v1 CUparams;
        typedef struct CUvalue_st { union { int a; double b; char pad[8]; } u; } CUvalue;
        CUresult cuGet(CUlimit limit, const CUparams *params, const CUvalue *value);
        CUresult cuNew(CUstream hStream, const CUpart *part);
        """;

    private const string Rules = "handle CUstream = 5\ncuNew sync since(13000)\ncuGet sync (limit: in)\n";

    [Fact]
    public void OlderHeader_IsCompletedForTheHandWrittenCode()
    {
        GeneratorRun run = new GeneratorRun(Older, "handle CUstream = 5\n", GeneratorRun.AllRoles, Ours).Run();

        Assert.Empty(run.Diagnostics);
        Assert.Contains("CUresult cuNew(CUstream hStream, CUpart* part)", run.Files["CudaDriver.Other.g.cs"]);
        Assert.Contains("record struct CUstream(nint Value)", run.Files["Handles.g.cs"]);
        Assert.Contains("CU_LIMIT_HEAP = 1,", run.Files["Enums.g.cs"]);
        Assert.Contains("CU_NEW = 3;", run.Files["Constants.g.cs"]);
        Assert.Contains("struct CUparams_v1", run.Files["Records.g.cs"]);
        Assert.Contains("double b;", run.Files["Records.g.cs"]);
        Assert.Contains("int y;", run.Files["Records.g.cs"]);
        Assert.Empty(run.Compile([.. HandWritten.Sources, HandWritten.Custom(run)]));
    }

    [Fact]
    public void OlderHeader_SaysWhatIsExportedAndWhatItsMacrosAre()
    {
        GeneratorRun run = new GeneratorRun(Older, Rules, GeneratorRun.AllRoles, Ours).Run();

        Assert.DoesNotContain("cuNew", string.Concat(run.Files.Where(file => file.Key.StartsWith("Exports", StringComparison.Ordinal)).Select(file => file.Value)));
        Assert.DoesNotContain("cuNew", run.Files["Coverage.g.cs"]);
        Assert.Contains("CUDA_VERSION = 11080;", run.Files["Constants.g.cs"]);
        Assert.Contains("CU_OLD = 1;", run.Files["Constants.g.cs"]);

        // What the hand-written code means by a name that has moved.
        Assert.Contains("CU_LIMIT_MAX = 2,", run.Files["Enums.g.cs"]);
    }

    [Fact]
    public void OwnHeader_WithAnError_IsReported()
    {
        GeneratorRun run = new GeneratorRun(Older, Rules, GeneratorRun.AllRoles, "CUresult cuX(in p);").Run();

        Assert.Contains(run.Diagnostics, diagnostic => diagnostic.StartsWith(GeneratorRun.OwnHeaderPath, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("void *p", "cuNewer: parameter 'p' (void *) needs a rule: void* needs a direction and size_is")]
    [InlineData("CUnewer p", "Handle 'CUnewer': cuNewer passes one, and the rules have no line for it")]
    public void NewerHeader_WithAFunctionThatNeedsARule_IsAnError_UnlessWarningsAreAskedFor(string parameter, string doubt)
    {
        string header = $"{Ours}\ntypedef struct CUnewer_st *CUnewer;\nCUresult cuNewer({parameter});\nCUresult cuNewest(int x, size_t *y);\n";

        GeneratorRun strict = new GeneratorRun(header, Rules, GeneratorRun.AllRoles, Ours).Run();
        GeneratorRun lenient = new GeneratorRun(header, Rules, GeneratorRun.AllRoles, Ours).Property("CudaRpcUnruled", "warning").Run();

        Assert.EndsWith(doubt, Assert.Single(strict.Diagnostics));
        Assert.EndsWith(
            $": CUDARPC019: cuNewer is new to the rules and needs one; it answers CUDA_ERROR_NOT_SUPPORTED ({doubt})",
            Assert.Single(lenient.Diagnostics));
        Assert.Equal(Microsoft.CodeAnalysis.DiagnosticSeverity.Warning, Assert.Single(lenient.Result.Diagnostics).Severity);
        Assert.Contains("override CUresult cuNewest(int x, nuint* y)", lenient.Files["RemoteDriver.Other.g.cs"]);
        Assert.Contains("\"cuNewer\", \"unsupported\", \"\", 0, \"newer than the rules\"", lenient.Files["Coverage.g.cs"]);
        Assert.Contains("EntryPoint = \"cuNewer\"", lenient.Files["Exports.Other.g.cs"]);
        Assert.Empty(lenient.Compile([.. HandWritten.Sources, HandWritten.Custom(lenient)]));
    }

    [Fact]
    public void Rule_InError_StaysOneWhereWarningsAreAskedFor()
    {
        GeneratorRun run = new GeneratorRun(Ours, Rules + "cuGet async async\n").Property("CudaRpcUnruled", "warning").Run();

        Assert.Contains(run.Diagnostics, diagnostic => diagnostic.Contains("CUDARPC011"));
    }
}
