using System.Text.RegularExpressions;

namespace CudaRpc.Headers.Tests;

/// <summary>headers/cuda.h and headers/left-out.txt against their script and against what drivers export.</summary>
public sealed partial class HeaderFilesTests
{
    [Fact]
    public void Script_OnTheFacts_WritesTheHeader() =>
        Assert.Equal(Repository.Read("headers/cuda.h"), RunScript("tests/facts/cuda-13.0.json"));

    [Fact]
    public void Script_OnTheExports_WritesTheListOfWhatIsLeftOut() =>
        Assert.Equal(
            Repository.Read("headers/left-out.txt"),
            RunScript("--left-out", "tests/facts/cuda-13.0.json", "tests/facts/exports-580.txt", "tests/facts/exports-615.txt"));

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

    private static string RunScript(params string[] arguments)
    {
        string[] paths = [.. arguments.Select(argument => argument.StartsWith('-') ? argument : Path.Combine(Repository.Root, argument))];
        (int exitCode, string output, string errors) =
            Tool.Run("python3", "", [Path.Combine(Repository.Headers, "make-cuda-h.py"), .. paths]);
        Assert.True(exitCode == 0, errors);
        return output;
    }

    [GeneratedRegex(@"CUDAAPI (cu\w+)\(")]
    private static partial Regex Declaration();
}
