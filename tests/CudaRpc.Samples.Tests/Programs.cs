using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Samples.Tests;

/// <summary>Runs programs as a user would: in processes of their own.</summary>
internal static class Programs
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../.."));

    /// <summary>What a program left: its exit code, standard output and standard error.</summary>
    public readonly record struct Outcome(int ExitCode, string Output, string Errors);

    /// <summary>A built .NET program of the repository, by assembly name.</summary>
    public static Task<Outcome> RunDotNet(string assembly, params string[] arguments) =>
        Run("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll"), .. arguments]);

    /// <summary>Any program, in the repository's root, with further environment variables.</summary>
    public static async Task<Outcome> Run(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        using Process process = Start(program, arguments, environment);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new Outcome(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
