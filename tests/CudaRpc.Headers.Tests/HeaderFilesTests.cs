using System.Text.RegularExpressions;

namespace CudaRpc.Headers.Tests;

/// <summary>headers/cuda.h and headers/left-out.txt against their script and against what drivers export.</summary>
public sealed partial class HeaderFilesTests
{
    [Fact]
    public void Script_OnTheFacts_WritesTheHeader() =>
        Assert.Equal(Repository.Read("headers/cuda.h"), RunScript("make-cuda-h.py", "tests/facts/cuda-13.0.json"));

    [Fact]
    public void Facts_ReadFromTheHeader_WriteTheHeader()
    {
        string facts = RunScript("facts.py", "headers/cuda.h", "--base", "tests/facts/cuda-13.0.json");
        string file = Path.GetTempFileName();
        File.WriteAllText(file, facts);

        Assert.Equal(Repository.Read("headers/cuda.h"), RunScript("make-cuda-h.py", file));
        File.Delete(file);
    }

    [Fact]
    public void Facts_OfANewerHeader_SayWhatIsNew()
    {
        string header = Repository.Read("headers/cuda.h")
            .Replace("#define CUDA_VERSION 13000", "#define CUDA_VERSION 14000", StringComparison.Ordinal)
            .Replace("    CU_LIMIT_MAX = 10", "    CU_LIMIT_OF_TESTS = 99,\n    CU_LIMIT_MAX = 10", StringComparison.Ordinal)
            .Replace(
                "CUresult CUDAAPI cuInit(unsigned int Flags);",
                "typedef struct CUtest_st { int a; union { char b; double c; }; } CUtest;\nCUresult CUDAAPI cuInit(unsigned long Flags);\nCUresult CUDAAPI cuDeviceOfTests(CUtest *test);",
                StringComparison.Ordinal);
        string file = Path.ChangeExtension(Path.GetTempFileName(), "h");
        File.WriteAllText(file, header);

        string[] difference = RunScript("facts.py", "--diff", "headers/cuda.h", file).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string facts = RunScript("facts.py", file, "--base", "tests/facts/cuda-13.0.json");
        string factsFile = Path.GetTempFileName();
        File.WriteAllText(factsFile, facts);
        string written = RunScript("make-cuda-h.py", factsFile);

        Assert.Equal(
            [
                "CUDA 13000 -> 14000", "## Functions added (1)", "- cuDeviceOfTests", "## Signatures changed (1)",
                "- cuInit: (unsigned int) -> (unsigned long)", "## Structs added (1)", "- CUtest", "## Constants added (1)", "- CU_LIMIT_OF_TESTS",
                "## Macros changed (1)", "- CUDA_VERSION: 13000 -> 14000",
            ],
            difference);
        Assert.Contains("CUresult CUDAAPI cuDeviceOfTests(CUtest *test);", written);
        Assert.Contains("union {\n        char b;\n        double c;\n    };", written);
        File.Delete(file);
        File.Delete(factsFile);
    }

    [Fact]
    public void Script_OnTheExports_WritesTheListOfWhatIsLeftOut() =>
        Assert.Equal(
            Repository.Read("headers/left-out.txt"),
            RunScript("make-cuda-h.py", "--left-out", "tests/facts/cuda-13.0.json", "tests/facts/exports-580.txt", "tests/facts/exports-615.txt"));

    [Theory]
    [InlineData("exports-580.txt")]
    [InlineData("exports-615.txt")]
    public void Exports_EveryName_IsEitherDeclaredOrLeftOutByName(string list)
    {
        string[] exports = Repository.ReadLines($"tests/facts/{list}");
        HashSet<string> declared = [.. Declaration().Matches(Repository.Read("headers/cuda.h")).Select(match => match.Groups[1].Value)];
        HashSet<string> leftOut = [.. Repository.ReadLines("headers/left-out.txt").Where(line => line != "" && line[0] != '#')];

        Assert.NotEmpty(exports);
        Assert.Empty(declared.Intersect(leftOut));
        Assert.Empty(exports.Except(declared).Except(leftOut));
    }

    private static string RunScript(string script, params string[] arguments)
    {
        string[] paths = [.. arguments.Select(argument => argument.StartsWith('-') ? argument : Path.Combine(Repository.Root, argument))];
        (int exitCode, string output, string errors) =
            Tool.Run("python3", "", [Path.Combine(Repository.Headers, script), .. paths]);
        Assert.True(exitCode == 0, errors);
        return output;
    }

    [GeneratedRegex(@"CUDAAPI (cu\w+)\(")]
    private static partial Regex Declaration();
}
