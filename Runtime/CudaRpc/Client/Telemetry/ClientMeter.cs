using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace CudaRpc.Client;

/// <summary>
/// The instruments of the process's sessions. Most read what the sessions count anyway, when somebody asks. There is one, as a listener
/// expects one instrument of a name; it knows the sessions that are open. Any thread.
/// </summary>
internal sealed class ClientMeter
{
    /// <summary>The system's name among those of remote calls.</summary>
    public const string System = "cudarpc";

    private readonly Meter _meter = new(Telemetry.Name, Telemetry.Version);
    private readonly Counter<long> _deferred;

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly HashSet<SessionTelemetry> _open = [];
    private readonly List<Totals> _totals = [];

    public ClientMeter()
    {
        CallDuration = _meter.CreateHistogram(
            "rpc.client.call.duration", "s", "How long calls that wait for a reply take.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Telemetry.DurationBounds });
        _deferred = _meter.CreateCounter<long>("cudarpc.client.deferred_failures", "{call}",
            "Posted calls that failed, told by a later call.");
        _meter.CreateObservableCounter("cudarpc.client.calls", Calls, "{call}",
            "Driver calls by how they were answered; synchronous ones are round trips.");
        _meter.CreateObservableCounter("cudarpc.client.io", Bytes, "By", "Bytes to and from servers, frame headers included.");
        _meter.CreateObservableUpDownCounter("cudarpc.client.sessions", Sessions, "{session}", "Sessions that are open.");
        _meter.CreateObservableUpDownCounter("cudarpc.client.lanes", Lanes, "{lane}", "Threads that have a lane of a session.");
    }

    public Histogram<double> CallDuration { get; }

    public void Add(SessionTelemetry session)
    {
        lock (_lock)
        {
            _open.Add(session);
            TotalsOf(session);
        }
    }

    /// <summary>What the session counted stays in the totals of its server.</summary>
    public void Remove(SessionTelemetry session)
    {
        lock (_lock)
        {
            if (_open.Remove(session))
            {
                TotalsOf(session).Ended += session.Statistics;
            }
        }
    }

    public void NoteDeferred(KeyValuePair<string, object?>[] server, string method, string error)
    {
        TagList tags = new(server) { { "rpc.method", method }, { "error.type", error } };
        _deferred.Add(1, tags);
    }

    private IEnumerable<Measurement<long>> Calls() => Observe(static (totals, sum, _, _) =>
    [
        totals.Measure(sum.Posted, "cudarpc.class", "posted"),
        totals.Measure(sum.Synchronous, "cudarpc.class", "synchronous"),
        totals.Measure(sum.Local, "cudarpc.class", "local"),
    ]);

    private IEnumerable<Measurement<long>> Bytes() => Observe(static (totals, sum, _, _) =>
    [
        totals.Measure(sum.BytesSent, "network.io.direction", "transmit"),
        totals.Measure(sum.BytesReceived, "network.io.direction", "receive"),
    ]);

    private IEnumerable<Measurement<long>> Sessions() => Observe(static (totals, _, sessions, _) => [new(sessions, totals.Server)]);

    private IEnumerable<Measurement<long>> Lanes() => Observe(static (totals, _, _, lanes) => [new(lanes, totals.Server)]);

    private List<Measurement<long>> Observe(Func<Totals, CallStatistics, int, int, Measurement<long>[]> measure)
    {
        var measurements = new List<Measurement<long>>();
        lock (_lock)
        {
            foreach (Totals totals in _totals)
            {
                (CallStatistics sum, int sessions, int lanes) = (totals.Ended, 0, 0);
                foreach (SessionTelemetry session in _open)
                {
                    if (totals.IsOf(session))
                    {
                        (sum, sessions, lanes) = (sum + session.Statistics, sessions + 1, lanes + session.Lanes);
                    }
                }

                measurements.AddRange(measure(totals, sum, sessions, lanes));
            }
        }

        return measurements;
    }

    private Totals TotalsOf(SessionTelemetry session)
    {
        Totals? totals = _totals.Find(candidate => candidate.IsOf(session));
        if (totals is null)
        {
            _totals.Add(totals = new Totals(session.Address, session.Server));
        }

        return totals;
    }

    // What is known of a server's sessions that have ended.
    private sealed class Totals(string address, KeyValuePair<string, object?>[] server)
    {
        public KeyValuePair<string, object?>[] Server => server;

        public CallStatistics Ended { get; set; }

        public bool IsOf(SessionTelemetry session) => session.Address == address;

        public Measurement<long> Measure(long value, string key, string name) => new(value, [.. server, new(key, name)]);
    }
}
