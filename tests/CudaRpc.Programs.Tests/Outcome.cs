namespace CudaRpc.Programs.Tests;

/// <summary>How a program ended: its exit code, and what it wrote to standard output and standard error.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Errors);
