using System.Text.RegularExpressions;

namespace CudaRpc.Server.Commands;

/// <summary>
/// Which tests name which function, found by reading them: a class of C# that calls <c>driver.cuX(</c>, a program in C or Python that calls
/// <c>cuX(</c>. What tests share (Harness/), what calls everything (BadInput/Generated/), what only compiles (the generator's tests, the header's)
/// and what crosses no wire (the simulator's own tests) does not count.
/// </summary>
internal sealed partial class TestedBy
{
    private readonly Dictionary<string, SortedSet<string>> _tests = new(StringComparer.Ordinal);

    private TestedBy()
    {
    }

    /// <summary>Reads the tests below a folder.</summary>
    public static TestedBy Read(string folder)
    {
        var result = new TestedBy();
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (IsTest(Path.GetRelativePath(folder, path).Replace('\\', '/')))
            {
                Regex call = path.EndsWith(".cs", StringComparison.Ordinal) ? MethodCall() : FunctionCall();
                string name = Path.GetFileName(path).Split('.')[0];
                foreach (Match match in call.Matches(File.ReadAllText(path)))
                {
                    result.Add(match.Groups[1].Value, name);
                }
            }
        }

        return result;
    }

    /// <summary>The tests of a function, by name; of a twin those of the function that it is the twin of, which travels by the same rule.</summary>
    public IReadOnlyCollection<string> Of(string function)
    {
        if (_tests.TryGetValue(function, out SortedSet<string>? names))
        {
            return names;
        }

        return function.EndsWith("_ptsz", StringComparison.Ordinal) || function.EndsWith("_ptds", StringComparison.Ordinal)
            ? Of(function[..^5])
            : [];
    }

    private static bool IsTest(string path) =>
        Path.GetExtension(path) is ".cs" or ".c" or ".cu" or ".cpp" or ".py"
        && !path.Contains("/obj/", StringComparison.Ordinal)
        && !path.Contains("/bin/", StringComparison.Ordinal)
        && !path.Contains("/Harness/", StringComparison.Ordinal)
        && !path.Contains("/BadInput/Generated/", StringComparison.Ordinal)
        && !path.StartsWith("CudaRpc.Generator.Tests/", StringComparison.Ordinal)
        && !path.StartsWith("CudaRpc.Headers.Tests/", StringComparison.Ordinal)
        && !path.StartsWith("CudaRpc.Simulator.Tests/", StringComparison.Ordinal);

    private void Add(string function, string test)
    {
        if (!_tests.TryGetValue(function, out SortedSet<string>? names))
        {
            _tests.Add(function, names = new SortedSet<string>(StringComparer.Ordinal));
        }

        names.Add(test);
    }

    [GeneratedRegex(@"\.(cu[A-Z]\w*)\s*\(")]
    private static partial Regex MethodCall();

    [GeneratedRegex(@"\b(cu[A-Z]\w*)\s*\(")]
    private static partial Regex FunctionCall();
}
