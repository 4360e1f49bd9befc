using CudaRpc.Tracing;

namespace CudaRpc.Server.Commands;

/// <summary>A file that a command writes about a trace.</summary>
internal static class OutputFile
{
    /// <summary>Refuses the trace itself, under whatever name: what is told of it may be made again, the recorded run may not.</summary>
    /// <exception cref="IOException">Both are one file.</exception>
    public static void RefuseTrace(string? output, string trace)
    {
        if (!string.IsNullOrEmpty(output) && FileStatus.Of(output) is { IsRegular: true } status && status == FileStatus.Of(trace))
        {
            throw new IOException($"{output} is the trace itself; name another file to write to");
        }
    }
}
