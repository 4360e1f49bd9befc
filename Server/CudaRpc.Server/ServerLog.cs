using CudaRpc.Driver;
using Microsoft.Extensions.Logging;

namespace CudaRpc.Server;

/// <summary>What the server says. Ids 200..299; nothing per call above Trace.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(200, LogLevel.Information, "Listening at {Url}, driver {Driver}, {Devices} device(s)")]
    public static partial void Listening(ILogger logger, string url, string driver, int devices);

    [LoggerMessage(201, LogLevel.Warning, "{Url} is reachable from other machines, and nobody is asked who they are (--insecure)")]
    public static partial void Insecure(ILogger logger, string url);

    [LoggerMessage(202, LogLevel.Information, "Session {Session} opened by {Client} from {Peer}")]
    public static partial void SessionOpened(ILogger logger, int session, string client, string peer);

    [LoggerMessage(203, LogLevel.Information, "Session {Session} closed after {Seconds:F1} s: {Reason}; {Calls} call(s), {RoundTrips} waited for; released {Handles} handle(s) and {Bytes} byte(s)")]
    public static partial void SessionClosed(
        ILogger logger, int session, double seconds, string reason, long calls, long roundTrips, int handles, ulong bytes);

    [LoggerMessage(204, LogLevel.Warning, "Session {Session}: {Call}, posted, failed: {Result}")]
    public static partial void PostedCallFailed(ILogger logger, int session, string call, CUresult result);

    [LoggerMessage(205, LogLevel.Warning, "{Peer} disconnected: {Reason}")]
    public static partial void PeerDisconnected(ILogger logger, string peer, string reason);

    [LoggerMessage(206, LogLevel.Error, "Session {Session}: bug in {Call}; it answers CUDA_ERROR_UNKNOWN")]
    public static partial void Bug(ILogger logger, int session, string call, Exception failure);

    [LoggerMessage(207, LogLevel.Information, "Stopping: {Sessions} session(s) open")]
    public static partial void Stopping(ILogger logger, int sessions);

    [LoggerMessage(208, LogLevel.Warning, "{Message}")]
    public static partial void DriverMessage(ILogger logger, string message);

    [LoggerMessage(209, LogLevel.Error, "Bug: the connection of {Peer} ends")]
    public static partial void ConnectionBug(ILogger logger, string peer, Exception failure);
}
