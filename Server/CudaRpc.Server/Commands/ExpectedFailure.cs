using System.Net.Sockets;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server.Commands;

/// <summary>Failures that are the user's to mend: told in one line, without a stack trace.</summary>
internal static class ExpectedFailure
{
    private static readonly string s_lost = nameof(CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE);

    /// <summary>The line, or null for what is our bug.</summary>
    public static string? Describe(Exception failure) => failure switch
    {
        CudaException or InvalidOperationException when failure.Message.Contains(s_lost, StringComparison.Ordinal) =>
            $"the connection to the server was lost: {failure.Message}",
        CudaException or DllNotFoundException or ProtocolException or IOException or SocketException or FormatException or InvalidOperationException
            or UnauthorizedAccessException => failure.Message,
        _ => null,
    };

    /// <summary>Prints the line behind the command's name, and returns the exit code.</summary>
    public static int Report(string command, string message)
    {
        Console.Error.WriteLine($"{$"cudarpc {command}".TrimEnd()}: {message}");
        return 1;
    }
}
