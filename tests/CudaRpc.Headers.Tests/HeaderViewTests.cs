namespace CudaRpc.Headers.Tests;

/// <summary>Which function a name means in each of the three views of headers/cuda.h.</summary>
public sealed class HeaderViewTests
{
    private static readonly Facts s_facts = Facts.Load();

    [Theory]
    [InlineData(View.Plain)]
    [InlineData(View.PerThread)]
    [InlineData(View.Internal)]
    public void Names_EveryFunction_MeansTheSymbolOfTheFacts(View view)
    {
        Dictionary<string, FunctionFacts> expected = Meanings(view);

        Dictionary<string, string> found =
            HeaderFactsTests.Preprocess(string.Concat(expected.Keys.Select(name => $"\"{name}\" {name}\n")), view);

        // A function of the header's own stands before this one: see PerThread_GetProcAddress_AsksForPerThreadFunctions.
        if (view == View.PerThread) Assert.Equal("cudarpcGetProcAddress", found["cuGetProcAddress"]);
        if (view == View.PerThread) expected.Remove("cuGetProcAddress");
        Assert.All(expected, name => Assert.Equal(name.Value.Name, found[name.Key]));
    }

    [Theory]
    [InlineData(View.Plain, Language.C)]
    [InlineData(View.Plain, Language.Cpp)]
    [InlineData(View.PerThread, Language.C)]
    [InlineData(View.PerThread, Language.Cpp)]
    public void Names_EveryFunction_IsDeclaredWithItsSignature(View view, Language language)
    {
        Probe probe = new();
        foreach ((string name, FunctionFacts function) in Meanings(view)) probe.Function(name, function.Signature);

        Assert.Equal("", Compiler.Check(probe.ToString(), language, view));
    }

    [Theory]
    [InlineData("cuCtxCreate_v2")]
    [InlineData("CUDA_MEMCPY2D_v1")]
    [InlineData("cuMemcpy_ptds")]
    public void Plain_NamesOfTheInternalView_AreNotDeclared(string name)
    {
        string source = $"#include \"cuda.h\"\nvoid *use[] = {{ (void *)sizeof({name}) }};";

        Assert.Contains($"'{name}' undeclared", Compiler.Check(source, Language.C, View.Plain));
        Assert.DoesNotContain("undeclared", Compiler.Check(source, Language.C, View.Internal));
    }

    [Theory]
    [InlineData(Language.C, View.Plain)]
    [InlineData(Language.C, View.PerThread)]
    [InlineData(Language.C, View.Internal)]
    [InlineData(Language.Cpp, View.Plain)]
    [InlineData(Language.Cpp, View.PerThread)]
    [InlineData(Language.Cpp, View.Internal)]
    public void Header_Alone_CompilesWithoutAWarning(Language language, View view)
    {
        string[] strict = ["-Wall", "-Wextra", "-Werror", "-pedantic-errors"];

        Assert.Equal("", Compiler.Check("#include \"cuda.h\"", language, view, strict));
    }

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Header_WithOurLibcOnly_Compiles(Language language)
    {
        string[] hermetic = ["-nostdinc", "-isystem", Path.Combine(Repository.Headers, "libc")];

        Assert.Equal("", Compiler.Check("#include <string.h>\n#include \"cuda.h\"\nvoid *p = NULL;", language, View.Internal, hermetic));
    }

    /// <summary>What the per-thread cuGetProcAddress passes on: 2 unless the caller names a flavour.</summary>
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void PerThread_GetProcAddress_AsksForPerThreadFunctions(int flags, int passedOn)
    {
        string source = $$"""
            #include "cuda.h"
            CUresult cuGetProcAddress_v2(const char *symbol, void **pfn, int cudaVersion, cuuint64_t flags,
                    CUdriverProcAddressQueryResult *symbolStatus)
            {
                return (CUresult)(symbol || pfn || symbolStatus || cudaVersion != 12000 ? 99 : flags);
            }
            int main(void) { return cuGetProcAddress(0, 0, 12000, {{flags}}, 0); }
            """;
        string program = Path.Combine(Path.GetTempPath(), $"cudarpc-{Guid.NewGuid():n}");
        try
        {
            (_, _, string errors) = Tool.Run("gcc", source, [.. Compiler.Flags(Language.C, View.PerThread), "-o", program, "-"]);
            Assert.Equal("", errors);

            Assert.Equal(passedOn, Tool.Run(program, "").ExitCode);
        }
        finally
        {
            File.Delete(program);
        }
    }

    /// <summary>Every name that a program may write in this view, and the function behind it.</summary>
    private static Dictionary<string, FunctionFacts> Meanings(View view)
    {
        if (view == View.Internal) return s_facts.Functions.ToDictionary(function => function.Name);

        Dictionary<string, FunctionFacts> meanings = s_facts.Functions
            .Where(function => !function.IsInternal && !function.IsTwin).ToDictionary(function => function.Name);
        foreach (bool twins in view == View.PerThread ? new[] { false, true } : [false])
        {
            foreach (FunctionFacts function in s_facts.Functions)
            {
                if (function.AliasOfMacro is not null && function.IsTwin == twins) meanings[function.AliasOfMacro] = function;
            }
        }

        return meanings;
    }
}
