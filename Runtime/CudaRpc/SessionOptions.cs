using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc;

/// <summary>How a session is opened, and what it says to a log. A driver in this process only uses the log.</summary>
public sealed record SessionOptions
{
    /// <summary>Time for one connection to be accepted and welcomed. Five seconds by default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Name of the program in the server's log; the process name by default.</summary>
    public string ClientName { get; init; } = Path.GetFileName(Environment.ProcessPath ?? "unknown");

    /// <summary>Receives a lost connection, failures of posted calls and bugs. None by default.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
