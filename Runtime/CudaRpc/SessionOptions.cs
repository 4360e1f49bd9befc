using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc;

/// <summary>How a session is opened, and what it says to a log. A driver in this process only uses the log.</summary>
public sealed record SessionOptions
{
    /// <summary>
    /// Time for one connection to be accepted and welcomed; null, the default, for what <c>CUDARPC_CONNECT_TIMEOUT</c> or the configuration
    /// file says, or five seconds.
    /// </summary>
    public TimeSpan? ConnectTimeout { get; init; }

    /// <summary>Name of the program in the server's log; the process name by default.</summary>
    public string ClientName { get; init; } = Path.GetFileName(Environment.ProcessPath ?? "unknown");

    /// <summary>
    /// File to record every driver call of the session in, see docs/tracing.md. One that is there already is added to. Null by default: what
    /// <c>CUDARPC_TRACE</c> names, or nothing.
    /// </summary>
    public string? TraceFile { get; init; }

    /// <summary>Whether a trace has the times at which the device did the work, which costs two events per piece of work. Also <c>CUDARPC_TRACE_DEVICE_TIMES=1</c>.</summary>
    public bool TraceDeviceTimes { get; init; }

    /// <summary>Receives a lost connection, failures of posted calls and bugs. None by default.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
