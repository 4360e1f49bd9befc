namespace CudaRpc.Model;

/// <summary>A traced program's run over a network that it was not run over. Times are nanoseconds.</summary>
/// <param name="Time">From the first call's beginning to the last one's end.</param>
/// <param name="Recorded">What the recorded run took.</param>
/// <param name="Free">What the program takes over a network without round trips and with endless bandwidth.</param>
/// <param name="Formula">What the closed formula says: <see cref="ClosedFormula"/>.</param>
/// <param name="Latency">Of what comes on top of <paramref name="Free"/>: for round trips.</param>
/// <param name="BytesOut">Likewise, for bytes to the server.</param>
/// <param name="BytesIn">Likewise, for bytes from the server.</param>
/// <param name="Calls">Of <paramref name="Latency"/>: whose round trips, the most expensive first.</param>
public sealed record Prediction(
    long Time, long Recorded, long Free, long Formula, long Latency, long BytesOut, long BytesIn, IReadOnlyList<CallLatency> Calls)
{
    /// <summary>By how much it is longer than over a free network; 0.05 for 5 %.</summary>
    public double Slowdown => Free > 0 ? ((double)Time / Free) - 1 : 0;

    /// <summary>By how much it is longer than the recorded run.</summary>
    public double SlowdownToRecorded => Recorded > 0 ? ((double)Time / Recorded) - 1 : 0;

    /// <summary>What the program would be fastest without: <c>latency</c>, <c>bytes out</c>, <c>bytes in</c>, <c>server</c>, <c>device</c> or <c>program</c>.</summary>
    public required string Critical { get; init; }
}

/// <summary>What a network's latency costs a program by calls of one function.</summary>
/// <param name="Function">The function.</param>
/// <param name="RoundTrips">How often its calls wait for a reply.</param>
/// <param name="Time">Nanoseconds of the run.</param>
public sealed record CallLatency(string Function, long RoundTrips, long Time);
