using System.Diagnostics;
using System.Reflection;

namespace CudaRpc.Native.Tests;

/// <summary>The published library, and C programs that use it.</summary>
internal static class Shim
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, string> s_programs = [];
    private static readonly string s_builds = System.IO.Directory.CreateTempSubdirectory("cudarpc-shim-").FullName;

    static Shim() => AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(s_builds, recursive: true);

    /// <summary>Root of the checkout that the tests were built from.</summary>
    public static string Repository { get; } = BuildTime("RepositoryRoot");

    /// <summary>Where the library is; a test that needs it is skipped where it has not been published.</summary>
    public static string Directory
    {
        get
        {
            string directory = Environment.GetEnvironmentVariable("CUDARPC_SHIM_DIR") ?? Path.Combine(Repository, "artifacts/native");
            Assert.SkipUnless(
                File.Exists(Path.Combine(directory, "libcuda.so.1")),
                $"no libcuda.so.1 in {directory}: dotnet publish Runtime/CudaRpc.Native -c Release");
            return directory;
        }
    }

    /// <summary>Compiles a program of programs/, links it with the library and runs it.</summary>
    /// <param name="name">Its name without <c>.c</c>.</param>
    /// <param name="environment">Variables to set; no other variable of ours is passed on, and HOME is an empty directory.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="whenReady">Done when the program has written its first line.</param>
    public static Outcome Run(
        string name,
        IEnumerable<(string Name, string Value)> environment,
        string input = "",
        string[]? arguments = null,
        Action? whenReady = null)
    {
        return RunWithShim(new ProcessStartInfo(Compile(name), arguments ?? []), environment, input, whenReady);
    }

    /// <summary>Runs a .NET program that uses ILGPU, which loads the library by its name.</summary>
    public static Outcome RunIlgpu(string server) =>
        RunWithShim(new ProcessStartInfo("dotnet", [BuildTime("IlgpuProgram")]), [("CUDARPC_SERVER", server)], "", null);

    /// <summary>Runs a tool of the machine.</summary>
    public static string Tool(string program, params string[] arguments)
    {
        Outcome outcome = Run(new ProcessStartInfo(program, arguments), "", null);
        Assert.True(outcome.ExitCode == 0, $"{program} failed: {outcome.Errors}");
        return outcome.Output;
    }

    /// <summary>Runs a program as it is.</summary>
    public static Outcome Start(ProcessStartInfo start) => Run(start, "", null);

    private static Outcome RunWithShim(
        ProcessStartInfo start, IEnumerable<(string Name, string Value)> environment, string input, Action? whenReady)
    {
        foreach (string ours in start.Environment.Keys.Where(key => key.StartsWith("CUDARPC_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(ours);
        start.Environment["LD_LIBRARY_PATH"] = Directory;
        start.Environment["HOME"] = s_builds;
        foreach ((string variable, string value) in environment) start.Environment[variable] = value;
        return Run(start, input, whenReady);
    }

    private static string BuildTime(string key) =>
        typeof(Shim).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    /// <summary>A program of programs/, linked with the library; returns its path.</summary>
    public static string Compile(string name)
    {
        lock (s_lock)
        {
            if (s_programs.TryGetValue(name, out string? program)) return program;
            program = Path.Combine(s_builds, name);
            string source = Path.Combine(Repository, "tests/CudaRpc.Native.Tests/programs", name + ".c");
            string include = Path.Combine(Repository, "headers");
            string[] warnings = ["-Wall", "-Wextra", "-Werror"];
            Tool("gcc", ["-std=gnu11", .. warnings, "-pthread", "-I", include, source, "-o", program, $"-L{Directory}", "-lcuda"]);
            return s_programs[name] = program;
        }
    }

    private static Outcome Run(ProcessStartInfo start, string input, Action? whenReady)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string ready = "";
        if (whenReady is not null)
        {
            ready = process.StandardOutput.ReadLine() + "\n";
            whenReady();
        }
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromMinutes(1)))
        {
            process.Kill();
            Assert.Fail($"{start.FileName} hangs. Its output so far:\n{output.Result}{errors.Result}");
        }
        return new Outcome(process.ExitCode, ready + output.Result, errors.Result);
    }
}
