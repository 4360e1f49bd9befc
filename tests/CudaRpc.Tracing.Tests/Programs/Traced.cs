using System.Diagnostics;
using System.Reflection;
using CudaRpc.Server.Commands;

namespace CudaRpc.Tracing.Tests.Programs;

/// <summary>C programs under <c>cudarpc trace</c>, in a folder of their own.</summary>
internal sealed class Traced : IDisposable
{
    private static readonly string s_repository = typeof(Traced).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "RepositoryRoot").Value!;

    public string Folder { get; } = Directory.CreateTempSubdirectory("cudarpc-traced-").FullName;

    public string TraceName => Path.Combine(Folder, "a.cudatrace");

    /// <summary>The <c>cudarpc</c> command's assembly.</summary>
    public static string Command => typeof(RunCommand).Assembly.Location;

    /// <summary>The published shim's folder; a test that needs it is skipped where it has not been published.</summary>
    public static string Shim
    {
        get
        {
            string folder = Environment.GetEnvironmentVariable("CUDARPC_SHIM_DIR") ?? Path.Combine(s_repository, "artifacts/native");
            Assert.SkipUnless(
                File.Exists(Path.Combine(folder, "libcuda.so.1")),
                $"no libcuda.so.1 in {folder}: dotnet publish Runtime/CudaRpc.Native -c Release");
            return folder;
        }
    }

    /// <summary>Compiles a program that is linked with the shim; returns its path.</summary>
    public string Compile(string name, params string[] flags)
    {
        string built = Path.Combine(Folder, name);
        string source = Path.Combine(s_repository, "tests/CudaRpc.Tracing.Tests/Programs/c", Path.GetFileNameWithoutExtension(name) + ".c");
        string[] link = flags.Length > 0 ? flags : ["-pthread", "-I", Path.Combine(s_repository, "headers"), $"-L{Shim}", "-lcuda"];
        (int code, _, string errors) = Run("gcc", null, ["-std=gnu11", "-Wall", "-Werror", source, "-o", built, .. link]);
        Assert.True(code == 0, errors);
        return built;
    }

    /// <summary>Runs <c>cudarpc trace</c> with the options, before a program and its arguments.</summary>
    /// <param name="options">Of the command, apart from its output.</param>
    /// <param name="program">The program.</param>
    /// <param name="whenReady">Gets the first line that the program writes.</param>
    /// <param name="output">The trace; <see cref="TraceName"/> if null.</param>
    public (int Code, string Output, string Errors) Trace(
        string[] options, string[] program, Action<string>? whenReady = null, string? output = null)
    {
        string[] command = [typeof(RunCommand).Assembly.Location, "trace", "--shim", Shim, "-o", output ?? TraceName];
        return Run("dotnet", whenReady, [.. command, .. options, "--", .. program]);
    }

    /// <summary>Runs a shell's command line.</summary>
    public (int Code, string Output, string Errors) Shell(string line, Action<string>? whenReady = null) =>
        Run("sh", whenReady, ["-c", line]);

    /// <summary><c>cudarpc trace</c> with the options, for a shell.</summary>
    public string CommandLine(string options) => $"dotnet {Command} trace --shim {Shim} -o {TraceName} {options}";

    /// <summary>Runs a program with variables of ours.</summary>
    public (int Code, string Output, string Errors) RunWith(string program, params (string Name, string Value)[] variables) =>
        Run("env", null, [.. variables.Select(static variable => $"{variable.Name}={variable.Value}"), $"LD_LIBRARY_PATH={Shim}", program]);

    public Trace Read()
    {
        Trace trace = TraceFile.Read(TraceName);
        Assert.Empty(trace.Problems);
        return trace;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private (int Code, string Output, string Errors) Run(string file, Action<string>? whenReady, string[] arguments)
    {
        ProcessStartInfo start = new(file, arguments) { WorkingDirectory = Folder };
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (string ours in start.Environment.Keys.Where(static key => key.StartsWith("CUDARPC_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(ours);
        }

        start.Environment["HOME"] = Folder;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string first = "";
        if (whenReady is not null)
        {
            first = process.StandardOutput.ReadLine() ?? "";
            whenReady(first);
        }

        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), $"{file} hangs");
        return (process.ExitCode, first + output.Result, errors.Result);
    }
}
