namespace CudaRpc.Tracing;

/// <summary>What a trace says of its run as a whole.</summary>
public sealed record TraceHeader
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The server's URL, or <c>native:</c>.</summary>
    public required string Server { get; init; }

    /// <summary>Name of the first device; empty where none is known.</summary>
    public string Device { get; init; } = "";

    /// <summary>Whether <see cref="TraceCall.DeviceBegin"/> was asked for.</summary>
    public bool HasDeviceTimes { get; init; }

    /// <summary>Time 0 of the trace.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>Processors of the client's machine.</summary>
    public int Processors { get; init; }

    /// <summary>
    /// What a call that does nothing takes from the client to the server's driver and back, the median in nanoseconds, measured before the
    /// program began; 0 where nothing is remoted.
    /// </summary>
    public long RoundTrip { get; init; }
}
