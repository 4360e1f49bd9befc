namespace CudaRpc.Server;

/// <summary>Connections for calls, and what came and went by them.</summary>
/// <param name="Lanes">Connections that are open.</param>
/// <param name="Calls">Calls made so far.</param>
/// <param name="RoundTrips">Those of them that the client waited for.</param>
/// <param name="BytesReceived">Bytes from clients, frame headers included.</param>
/// <param name="BytesSent">Bytes to clients.</param>
internal readonly record struct ServerCounts(int Lanes, long Calls, long RoundTrips, long BytesReceived, long BytesSent)
{
    /// <summary>Adds two.</summary>
    public static ServerCounts operator +(ServerCounts left, ServerCounts right) => new(
        left.Lanes + right.Lanes,
        left.Calls + right.Calls,
        left.RoundTrips + right.RoundTrips,
        left.BytesReceived + right.BytesReceived,
        left.BytesSent + right.BytesSent);
}
