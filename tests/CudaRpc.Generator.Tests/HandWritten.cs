using System.Text.RegularExpressions;

namespace CudaRpc.Generator.Tests;

/// <summary>Stand-ins for the code that the generated halves need.</summary>
internal static partial class HandWritten
{
    public static IReadOnlyList<string> Sources =>
    [
        .. Directory.GetFiles(Path.Combine(Repository.Tests, "Stubs"), "*.cs").Select(File.ReadAllText),
        "global using System; global using System.IO;\n" + Repository.Read("Runtime", "CudaRpc.Driver", "NativeDriver.cs"),
    ];

    /// <summary>The hand-written server halves that the dispatcher of <paramref name="run"/> names.</summary>
    public static string Custom(GeneratorRun run)
    {
        IEnumerable<string> halves = CustomHalf().Matches(run.Files["Dispatcher.g.cs"]).Select(match => match.Groups[1].Value)
            .Select(name => $"    public static void {name}(CudaRpc.Driver.CudaDriver driver, ref ServerCall call) => call.Begin();\n");
        return $"namespace CudaRpc.Server;\ninternal static class Custom\n{{\n{string.Concat(halves)}}}\n";
    }

    [GeneratedRegex(@"Custom\.(\w+)\(")]
    private static partial Regex CustomHalf();
}
