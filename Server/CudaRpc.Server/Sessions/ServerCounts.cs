namespace CudaRpc.Server;

/// <summary>Connections for calls, and the calls that came by them.</summary>
/// <param name="Lanes">Connections that are open.</param>
/// <param name="Calls">Calls made so far.</param>
/// <param name="RoundTrips">Those of them that the client waited for.</param>
internal readonly record struct ServerCounts(int Lanes, long Calls, long RoundTrips)
{
    /// <summary>Adds two.</summary>
    public static ServerCounts operator +(ServerCounts left, ServerCounts right) =>
        new(left.Lanes + right.Lanes, left.Calls + right.Calls, left.RoundTrips + right.RoundTrips);
}
