namespace CudaRpc.Native.Tests;

/// <summary>How a program ended: its exit code (128 + signal where one killed it) and what it wrote.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Errors)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
