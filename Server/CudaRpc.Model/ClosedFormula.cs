using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Model;

/// <summary>
/// The simple estimate beside the model: the recorded time, a round trip for each reply that was waited for, and all bytes at the network's
/// bandwidth. Nothing overlaps.
/// </summary>
public static class ClosedFormula
{
    /// <summary>Nanoseconds of the traced program over the network.</summary>
    public static long Time(Trace trace, NetworkConditions network)
    {
        long roundTrips = 0, bytes = 0;
        foreach (TraceCall call in trace.Calls)
        {
            roundTrips += call.RoundTrips;
            bytes += call.BytesOut + call.BytesIn;
        }

        return (long)(trace.Duration + (roundTrips * network.Rtt.TotalNanoseconds) + (bytes * 1e9 / network.BytesPerSecond));
    }
}
