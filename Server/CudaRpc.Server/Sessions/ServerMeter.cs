using System.Diagnostics;
using System.Diagnostics.Metrics;
using CudaRpc.Client;

namespace CudaRpc.Server;

/// <summary>The instruments of a server. All but one read what the server counts anyway, when somebody asks. Any thread.</summary>
internal sealed class ServerMeter : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _durations;

    /// <param name="server">Whose they are; a process may have several servers, and <see cref="Meter.Scope"/> tells them apart.</param>
    public ServerMeter(CudaServer server)
    {
        _meter = new Meter(new MeterOptions(Telemetry.Name) { Version = Telemetry.Version, Scope = server });
        _durations = _meter.CreateHistogram(
            "rpc.server.call.duration", "s", "From a call's turn until it is made and answered.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Telemetry.DurationBounds });
        _meter.CreateObservableCounter("cudarpc.server.calls", () => Calls(server.Counts), "{call}", "Calls made, by whether their client waits.");
        _meter.CreateObservableCounter("cudarpc.server.io", () => Bytes(server.Counts), "By", "Bytes from and to clients, frame headers included.");
        Add("cudarpc.server.sessions", "{session}", "Sessions that are open.", () => server.Usage.Sessions);
        Add("cudarpc.server.lanes", "{lane}", "Client threads that have a connection.", () => server.Counts.Lanes);
        Add("cudarpc.server.handles", "{handle}", "Objects of clients that are alive.", () => server.Usage.Handles);
        Add("cudarpc.server.memory", "By", "Device memory that clients hold.", () => server.Usage.MemoryBytes);
        Add("cudarpc.server.modules", "{module}", "Module images that need not be sent again.", () => server.Images.Count);
        Add("cudarpc.server.modules.size", "By", "Bytes of those images.", () => server.Images.Bytes);
    }

    /// <summary>Whether anybody wants to know how long calls take.</summary>
    public bool TimesCalls => _durations.Enabled;

    /// <summary>A call that began at <paramref name="began"/> (<see cref="Stopwatch.GetTimestamp"/>) has been made.</summary>
    public void Record(uint callId, long began, bool posted)
    {
        TagList tags = new()
        {
            { "rpc.system.name", ClientMeter.System },
            { "rpc.method", CallId.Name(callId) ?? "unknown" },
            { "cudarpc.class", posted ? "posted" : "synchronous" },
        };
        _durations.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
    }

    public void Dispose() => _meter.Dispose();

    private void Add(string name, string unit, string description, Func<long> observe) =>
        _meter.CreateObservableUpDownCounter(name, observe, unit, description);

    private static Measurement<long>[] Calls(ServerCounts counts) =>
    [
        new(counts.Calls - counts.RoundTrips, new KeyValuePair<string, object?>("cudarpc.class", "posted")),
        new(counts.RoundTrips, new KeyValuePair<string, object?>("cudarpc.class", "synchronous")),
    ];

    private static Measurement<long>[] Bytes(ServerCounts counts) =>
    [
        new(counts.BytesReceived, new KeyValuePair<string, object?>("network.io.direction", "receive")),
        new(counts.BytesSent, new KeyValuePair<string, object?>("network.io.direction", "transmit")),
    ];
}
