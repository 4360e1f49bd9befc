namespace CudaRpc.Server.Tracing;

/// <summary>What the time in calls was spent on, nanoseconds.</summary>
/// <param name="Client">In the client: answering, encoding, queueing.</param>
/// <param name="Network">Bytes on their way, and waking who waits for them.</param>
/// <param name="Queue">The server was busy with calls posted before.</param>
/// <param name="Driver">The server's driver worked.</param>
/// <param name="Device">The driver waited for the device.</param>
internal readonly record struct TimeSplit(long Client, long Network, long Queue, long Driver, long Device)
{
    /// <summary>Names of the parts, in the order of <see cref="Parts"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["client", "network", "server queue", "driver", "device"];

    /// <summary>All of it.</summary>
    public long Total => Sum.Of(Parts(), static part => part);

    /// <summary>The parts.</summary>
    public long[] Parts() => [Client, Network, Queue, Driver, Device];

    /// <summary>Name of the largest part.</summary>
    public string Largest()
    {
        long[] parts = Parts();
        return Names[Array.IndexOf(parts, parts.Max())];
    }

    public static TimeSplit operator +(TimeSplit left, TimeSplit right) => new(
        Sum.Of(left.Client, right.Client),
        Sum.Of(left.Network, right.Network),
        Sum.Of(left.Queue, right.Queue),
        Sum.Of(left.Driver, right.Driver),
        Sum.Of(left.Device, right.Device));
}
