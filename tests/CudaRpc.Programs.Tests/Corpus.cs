using System.Collections.Concurrent;
using System.Reflection;

namespace CudaRpc.Programs.Tests;

/// <summary>The programs of tests/cuda-programs: builds them with NVIDIA's compiler and runs them, unmodified, on the shim.</summary>
internal static class Corpus
{
    private const int Absent = 77;

    private static readonly ConcurrentDictionary<(string Program, Variant Variant), Lazy<string>> s_built = new();

    /// <summary>The repository.</summary>
    public static string Root { get; } = typeof(Corpus).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "RepositoryRoot").Value!;

    private static readonly string s_sources = Path.Combine(Root, "tests/cuda-programs");

    /// <summary>The shim's folder.</summary>
    public static string Shim { get; } = Environment.GetEnvironmentVariable("CUDARPC_SHIM_DIR") ?? Path.Combine(Root, "artifacts/native");

    // nvcc's folder of libraries, or what is missing.
    private static readonly Lazy<(string? Libraries, string Problem)> s_toolkit = new(FindToolkit);

    /// <summary>Every program, by name.</summary>
    public static IEnumerable<string> Programs =>
        Directory.GetFiles(s_sources, "*.cu").Select(static file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    /// <summary>Builds the program, runs it with a device of <paramref name="server"/> and asserts that it passes.</summary>
    public static void AssertPasses(string program, Variant variant, string server)
    {
        string reason = string.Join(' ', Words(program, "// not through a server:"));
        Assert.SkipWhen(server != "sim:" && reason.Length > 0, reason);
        Outcome outcome = Run(program, variant, server);
        Assert.SkipWhen(outcome.ExitCode == Absent, $"{program}: {outcome.Errors.Trim()}");
        Assert.True(outcome is { ExitCode: 0 } && outcome.Output.EndsWith("PASS\n", StringComparison.Ordinal),
            $"{program} ({variant}) on {server}: exit code {outcome.ExitCode}\n{outcome.Output}{outcome.Errors}");
    }

    /// <summary>Builds the program and runs it with a device of <paramref name="server"/>.</summary>
    public static Outcome Run(string program, Variant variant, string server, params string[] arguments) =>
        Run(Built(program, variant), server, arguments);

    /// <summary>Builds the program and has <c>cudarpc trace</c> record it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">Of the command.</param>
    /// <param name="trace">The file.</param>
    /// <param name="driver">Folder of the machine's own driver.</param>
    /// <param name="environment">Variables of the program.</param>
    public static Outcome Record(
        string program, string[] options, string trace, string driver, params (string Name, string? Value)[] environment)
    {
        string built = Built(program, Variant.Static);
        return Processes.Run(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll"), "trace", "--shim", Shim, "-o", trace, .. options, "--", built],
            [("LD_LIBRARY_PATH", $"{driver}:{s_toolkit.Value.Libraries}"), ("HOME", s_sources), .. environment]);
    }

    /// <summary>Skips the test where the shim has not been published.</summary>
    public static void AssertShim() => Assert.SkipUnless(
        File.Exists(Path.Combine(Shim, "libcuda.so.1")), $"no libcuda.so.1 in {Shim}: dotnet publish Runtime/CudaRpc.Native -c Release");

    /// <summary>What <c>cudarpc doctor</c> says of the program.</summary>
    public static Outcome Examine(string program, Variant variant) =>
        Run("dotnet", "sim:", Path.Combine(AppContext.BaseDirectory, "CudaRpc.Server.dll"), "doctor", "--shim", Shim, Built(program, variant));

    private static Outcome Run(string file, string server, params string[] arguments) =>
        Processes.Run(
            file, arguments, ("LD_LIBRARY_PATH", $"{Shim}:{s_toolkit.Value.Libraries}"), ("CUDARPC_SERVER", server), ("HOME", s_sources));

    private static string Built(string program, Variant variant)
    {
        AssertShim();
        Assert.SkipWhen(s_toolkit.Value.Libraries is null, s_toolkit.Value.Problem);
        string packages = Path.Combine(s_toolkit.Value.Libraries!, "../../../.packages");
        string[] missing = [.. Words(program, "// packages:").Where(package => !File.Exists(Path.Combine(packages, package)))];
        Assert.SkipWhen(missing.Length > 0, $"tests/cuda-packages fetch {string.Join(' ', missing)}");
        return s_built.GetOrAdd((program, variant), static key => new Lazy<string>(() => Build(key.Program, key.Variant))).Value;
    }

    // Programs that were built and have not changed since are not built again: nvcc takes seconds for each.
    private static string Build(string program, Variant variant)
    {
        string folder = Path.Combine(Root, "artifacts/cuda-programs", variant.ToString());
        string file = Path.Combine(folder, program.Replace("../", "", StringComparison.Ordinal));
        string source = Path.Combine(s_sources, program + ".cu");
        DateTime changed = Directory.GetFiles(s_sources, "*", SearchOption.AllDirectories)
            .Where(other => !other.EndsWith(".cu", StringComparison.Ordinal) || Path.GetDirectoryName(other) != s_sources)
            .Concat(Directory.GetFiles(Path.GetDirectoryName(source)!, "*.h"))
            .Append(source)
            .Max(File.GetLastWriteTimeUtc);
        if (File.Exists(file) && File.GetLastWriteTimeUtc(file) > changed) return file;

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        string[] own = Words(program, "// nvcc:");
        // In the folder of the sources, as the programs' own flags name further sources.
        Outcome outcome = Processes.Run("sh", [
            "-c", "cd \"$1\" && shift && exec ./nvcc \"$@\"", "sh", s_sources, "-std=c++17", "-O2", "-I.", .. Flags(variant), .. own, source, "-o", file]);
        Assert.True(outcome.ExitCode == 0, $"nvcc cannot build {program}:\n{outcome.Output}{outcome.Errors}");
        return file;
    }

    // What a program says of itself in lines that start with the key.
    private static string[] Words(string program, string key) =>
        [.. File.ReadLines(Path.Combine(s_sources, program + ".cu")).Where(line => line.StartsWith(key, StringComparison.Ordinal))
            .SelectMany(line => line[key.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private static string[] Flags(Variant variant) => variant switch
    {
        Variant.Static => ["-cudart=static", "-gencode=arch=compute_80,code=compute_80"],
        Variant.Shared => ["-cudart=shared", "-gencode=arch=compute_80,code=compute_80"],
        _ => ["-cudart=static", "-gencode=arch=compute_90,code=[compute_90,sm_90]", "-gencode=arch=compute_75,code=sm_75"],
    };

    private static (string? Libraries, string Problem) FindToolkit()
    {
        string nvcc = Path.Combine(s_sources, "nvcc");
        Outcome outcome = Processes.Run(nvcc, ["--version"]);
        return outcome.ExitCode == 0
            ? (Processes.Run(nvcc, ["--libraries"]).Output.Trim(), "")
            : (null, $"{outcome.Errors.Trim()} (exit code {outcome.ExitCode})");
    }
}
