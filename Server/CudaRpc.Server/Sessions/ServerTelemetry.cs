using System.Diagnostics;
using CudaRpc.Client;

namespace CudaRpc.Server;

/// <summary>A span for the life of each session at a server.</summary>
internal static class ServerTelemetry
{
    private static readonly ActivitySource s_sessions = new(Telemetry.Name, Telemetry.Version);

    /// <summary>The span of a session that begins; null where nobody wants it.</summary>
    /// <param name="session">The session.</param>
    /// <param name="client">The client's name for itself.</param>
    /// <param name="peer">Where it is.</param>
    public static Activity? Begin(ServerSession session, string client, string peer)
    {
        Activity? span = s_sessions.StartActivity("cudarpc.session", ActivityKind.Server);
        span?.SetTag("rpc.system", ClientMeter.System);
        span?.SetTag("rpc.system.name", ClientMeter.System);
        span?.SetTag("cudarpc.session.id", session.Id);
        span?.SetTag("cudarpc.client", client);
        span?.SetTag("client.address", peer);
        return span;
    }

    /// <summary>The session has ended.</summary>
    /// <param name="span">Its span.</param>
    /// <param name="session">The session.</param>
    /// <param name="reason">Why.</param>
    /// <param name="isOrderly">Whether the client ended it.</param>
    public static void Describe(Activity? span, ServerSession session, string reason, bool isOrderly)
    {
        if (span is null)
        {
            return;
        }

        ServerCounts counts = session.Counts;
        span.SetTag("cudarpc.calls.posted", counts.Calls - counts.RoundTrips);
        span.SetTag("cudarpc.calls.synchronous", counts.RoundTrips);
        if (!isOrderly)
        {
            span.SetTag("error.type", "disconnected");
            span.SetStatus(ActivityStatusCode.Error, reason);
        }
    }
}
