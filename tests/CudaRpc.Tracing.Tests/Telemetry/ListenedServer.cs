using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.Tracing.Tests;

/// <summary>
/// A server at a Unix socket, and listeners to what it and its clients tell. Other tests of the process tell things as well; those are left
/// out.
/// </summary>
internal sealed class ListenedServer : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cudarpc-telemetry-");
    private readonly SimulatedGpu _gpu = new(new SimulatedGpuOptions());
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<Reading> _recorded = new();
    private readonly List<Reading> _observed = [];
    private readonly ActivityListener _spanListener;
    private readonly MeterListener _meterListener = new();

    /// <param name="spans">The sources to listen to.</param>
    /// <param name="hasMeters">Whether to listen to the meters.</param>
    public ListenedServer(string[]? spans = null, bool hasMeters = false)
    {
        _spanListener = new ActivityListener
        {
            ShouldListenTo = source => spans?.Contains(source.Name) == true,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_spanListener);
        Server = new CudaServer(() => new SimulatedDriver(_gpu, static _ => { }), new ServerLimits(), NullLogger.Instance);
        Url = Server.Listen(ServerUrl.Parse($"unix://{_folder.FullName}/socket"));
        if (hasMeters)
        {
            _meterListener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == CudaRpc.Telemetry.Name && (instrument.Meter.Scope is null || instrument.Meter.Scope == Server))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meterListener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
                _recorded.Enqueue(new Reading(instrument, value, tags)));
            _meterListener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(new Reading(instrument, value, tags)));
            _meterListener.Start();
        }
    }

    public CudaServer Server { get; }

    public ServerUrl Url { get; }

    public string Path => Url.Path;

    public CudaSession Connect() => CudaSession.Connect(Url.ToString(), new SessionOptions { ClientName = _folder.Name });

    /// <summary>Ended spans of this server's clients, of a source.</summary>
    public Activity[] Spans(string source) =>
        [.. _spans.Where(span => span.Source.Name == source && span.Kind == ActivityKind.Client
            && Equals(span.GetTagItem("server.address"), Path))];

    /// <summary>The spans of its sessions at the server.</summary>
    public Activity[] ServerSpans() =>
        [.. _spans.Where(span => span.Kind == ActivityKind.Server && Equals(span.GetTagItem("cudarpc.client"), _folder.Name))];

    /// <summary>
    /// What an observable instrument says now: its value by one of its attributes, or by "" where that is not among them.
    /// </summary>
    public Dictionary<string, double> Observe(string instrument, string by)
    {
        lock (_observed)
        {
            _observed.Clear();
            _meterListener.RecordObservableInstruments();
            return Mine(_observed).Where(reading => reading.Name == instrument)
                .ToDictionary(reading => reading.Tag(by), static reading => reading.Value);
        }
    }

    /// <summary>What was recorded by a histogram or counter so far.</summary>
    public Reading[] Recorded(string instrument) => [.. Mine(_recorded).Where(reading => reading.Name == instrument)];

    public void Dispose()
    {
        Server.Dispose();
        _spanListener.Dispose();
        _meterListener.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Note(Reading reading)
    {
        // Counters call back on whichever thread counts.
        if (reading.IsObserved)
        {
            _observed.Add(reading);
        }
        else
        {
            _recorded.Enqueue(reading);
        }
    }

    private IEnumerable<Reading> Mine(IEnumerable<Reading> readings) =>
        readings.Where(reading => reading.IsServers || reading.Tag("server.address") == Path);

    /// <summary>A measurement.</summary>
    internal sealed class Reading
    {
        private readonly KeyValuePair<string, object?>[] _tags;

        public Reading(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            (Name, Value, IsObserved, IsServers) = (instrument.Name, value, instrument.IsObservable, instrument.Meter.Scope is not null);
            _tags = tags.ToArray();
        }

        public string Name { get; }

        public double Value { get; }

        public bool IsObserved { get; }

        /// <summary>Whether the server's meter has it, and not the clients'.</summary>
        public bool IsServers { get; }

        public string Tag(string key) => $"{_tags.FirstOrDefault(tag => tag.Key == key).Value}";
    }
}
