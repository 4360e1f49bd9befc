using System.Diagnostics;

namespace CudaRpc.Programs.Tests;

/// <summary>Runs programs in processes of their own.</summary>
internal static class Processes
{
    // Longer than any program takes on a busy machine; one that takes longer hangs.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    /// <summary>Runs a program to its end; one that does not end fails the test.</summary>
    public static Outcome Run(string program, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string ours in start.Environment.Keys.Where(static key => key.StartsWith("CUDARPC_", StringComparison.Ordinal)
            && key != "CUDARPC_CACHE").ToArray())
        {
            start.Environment.Remove(ours);
        }
        foreach ((string name, string? value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Close();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} hangs. It wrote so far:\n{output.Result}{errors.Result}");
        }
        return new Outcome(process.ExitCode, output.Result, errors.Result);
    }
}
