using System.Text;

namespace CudaRpc.Generator.Tests;

/// <summary>
/// Every line that the generator writes for a small header, held against Baselines/. A change of the output is a change of those files:
/// CUDARPC_UPDATE_BASELINES=1 rewrites them, and the reviewer reads the difference.
/// </summary>
public sealed class BaselineTests
{
    private static readonly string s_folder = Path.Combine(Repository.Tests, "Baselines");

    [Fact]
    public void Generate_SmallHeader_MatchesTheBaselines()
    {
        IReadOnlyDictionary<string, string> files = SmallHeader.Run().Files;
        if (Environment.GetEnvironmentVariable("CUDARPC_UPDATE_BASELINES") == "1")
        {
            Update(files);
        }

        Dictionary<string, string> expected = Directory.GetFiles(s_folder)
            .ToDictionary(path => Path.GetFileName(path), path => File.ReadAllText(path, Encoding.UTF8));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), files.Keys.Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(expected[file.Key], file.Value));
    }

    [Fact]
    public void Generate_SmallHeader_CompilesWithoutWarnings()
    {
        GeneratorRun run = SmallHeader.Run();

        Assert.Empty(run.Diagnostics);
        Assert.Empty(run.Compile([.. HandWritten.Sources, HandWritten.Custom(run)]));
    }

    [Fact]
    public void Generate_Twice_IsTheSameText()
    {
        Assert.Equal(SmallHeader.Run().Files, SmallHeader.Run().Files);
    }

    [Fact]
    public void Generate_AnyLine_FitsTheEditor()
    {
        Assert.All(
            SmallHeader.Run().Files.Where(file => file.Key is not "Coverage.g.cs"),
            file => Assert.All(file.Value.Split('\n'), line => Assert.True(line.Length <= 140, $"{file.Key}: {line}")));
    }

    private static void Update(IReadOnlyDictionary<string, string> files)
    {
        foreach (string stale in Directory.GetFiles(s_folder))
        {
            File.Delete(stale);
        }

        foreach ((string name, string text) in files)
        {
            File.WriteAllText(Path.Combine(s_folder, name), text);
        }
    }
}
