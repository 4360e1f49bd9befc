using System.Diagnostics;

namespace CudaRpc.Headers.Tests;

/// <summary>Runs a program of the machine; a test that needs one that is missing is skipped and says so.</summary>
internal static class Tool
{
    public static (int ExitCode, string Output, string Errors) Run(string program, string input, params string[] arguments)
    {
        if (!IsInstalled(program)) Assert.Skip($"{program} is not installed");

        using Process process = new();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        };
        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.Result, errors.Result);
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(directory => File.Exists(Path.Combine(directory, program)));
}
