using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// What a session tells listeners: a span for its own life, one for each call that travels, the duration of those that wait. Costs a call
/// no more than looking whether there is a listener. Any thread.
/// </summary>
internal sealed class SessionTelemetry
{
    // Constant for the life of a process, so that calls without it have no trace of this.
    private static readonly bool s_isSupported = !AppContext.TryGetSwitch("CudaRpc.Telemetry.IsSupported", out bool isOn) || isOn;

    private static readonly ActivitySource s_sessions = new(Telemetry.Name, Telemetry.Version);
    private static readonly ActivitySource s_calls = new(Telemetry.Calls, Telemetry.Version);
    private static readonly ClientMeter s_meter = new();

    // Beside the session's other fields: native code looks whether a class has been initialised each time it uses a static one.
    private readonly ActivitySource _calls = s_calls;
    private readonly Histogram<double> _durations = s_meter.CallDuration;
    private readonly KeyValuePair<string, object?>[] _server;
    private readonly Session _session;
    private readonly Activity? _span;

    private SessionTelemetry(Session session, ServerUrl url)
    {
        _session = session;
        Address = $"{url.Scheme}://{url.Host}:{url.Port}{url.Path}";
        _server = Tags(url);
        _span = StartSpan(session);
        s_meter.Add(this);
    }

    /// <summary>
    /// Whether there is telemetry at all. The shim is built without: in a program that is not .NET nobody can listen.
    /// </summary>
    [FeatureSwitchDefinition("CudaRpc.Telemetry.IsSupported")]
    public static bool IsSupported => s_isSupported;

    /// <summary>Where the server is.</summary>
    public string Address { get; }

    /// <summary>Attributes that say where the server is.</summary>
    public KeyValuePair<string, object?>[] Server => _server;

    /// <summary>The session's span as W3C names one; null where nobody wants it.</summary>
    public string? TraceParent => _span is { IdFormat: ActivityIdFormat.W3C, Id.Length: Handshake.TraceParentSize } ? _span.Id : null;

    public CallStatistics Statistics => _session.Statistics;

    public int Lanes => _session.LaneCount;

    /// <summary>Whether anybody wants spans of calls.</summary>
    public bool TracesCalls => _calls.HasListeners();

    /// <summary>Whether anybody wants to know of calls that wait for a reply.</summary>
    public bool ObservesReplies => _durations.Enabled || _calls.HasListeners();

    /// <summary>Null where there is no telemetry.</summary>
    public static SessionTelemetry? Start(Session session, ServerUrl url) => IsSupported ? new SessionTelemetry(session, url) : null;

    /// <summary>
    /// The span of a call that begins; null where nobody wants it. It is the thread's current one until
    /// <see cref="End(Activity?, CUresult)"/>.
    /// </summary>
    public Activity? Begin(uint callId, string answered)
    {
        // A program's own operation is the parent where there is one.
        ActivityContext parent = Activity.Current is null && _span is not null ? _span.Context : default;
        string name = CallId.Name(callId) ?? "unknown";
        Activity? span = _calls.StartActivity(ActivityKind.Client, parent, name: name);
        if (span?.IsAllDataRequested == true)
        {
            Describe(span);
            span.SetTag("rpc.method", name);
            span.SetTag("cudarpc.class", answered);
        }

        return span;
    }

    /// <summary>The call has returned to the program.</summary>
    public static void End(Activity? span, CUresult result)
    {
        if (span is not null && result != CUresult.CUDA_SUCCESS)
        {
            string name = Name(result);
            span.SetTag("rpc.response.status_code", name);
            // A poll that finds the device at work is as it should be.
            if (result != CUresult.CUDA_ERROR_NOT_READY)
            {
                span.SetTag("error.type", name);
                span.SetStatus(ActivityStatusCode.Error);
            }
        }

        span?.Dispose();
    }

    /// <summary>The call ended with an exception.</summary>
    public static void End(Activity? span, Exception failure)
    {
        span?.SetTag("error.type", failure.GetType().FullName);
        span?.SetStatus(ActivityStatusCode.Error, failure.Message);
        span?.Dispose();
    }

    /// <summary>
    /// The duration of a call that waited, from <paramref name="began"/> (<see cref="Stopwatch.GetTimestamp"/>) until now.
    /// </summary>
    public void Record(uint callId, long began, CUresult result)
    {
        if (!_durations.Enabled)
        {
            return;
        }

        TagList tags = new(_server) { { "rpc.method", CallId.Name(callId) ?? "unknown" } };
        if (result is not CUresult.CUDA_SUCCESS and not CUresult.CUDA_ERROR_NOT_READY)
        {
            tags.Add("error.type", Name(result));
        }

        _durations.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
    }

    /// <summary>A posted call of function <paramref name="callId"/> has failed, and another call has told the program.</summary>
    public void NoteDeferred(uint callId, CUresult result) => s_meter.NoteDeferred(_server, CallId.Name(callId) ?? "unknown", Name(result));

    /// <summary>The session has ended. Once.</summary>
    /// <param name="lost">Why it ended before it was to; null for in good order.</param>
    public void End(Exception? lost)
    {
        s_meter.Remove(this);
        if (_span is null)
        {
            return;
        }

        CallStatistics calls = Statistics;
        _span.SetTag("cudarpc.calls.posted", calls.Posted);
        _span.SetTag("cudarpc.calls.synchronous", calls.Synchronous);
        _span.SetTag("cudarpc.calls.local", calls.Local);
        _span.SetTag("cudarpc.bytes.sent", calls.BytesSent);
        _span.SetTag("cudarpc.bytes.received", calls.BytesReceived);
        if (lost is not null)
        {
            _span.SetTag("error.type", lost.GetType().FullName);
            _span.SetStatus(ActivityStatusCode.Error, lost.Message);
        }

        Activity? current = Activity.Current;
        _span.Stop();
        Activity.Current = current;
    }

    // It lasts longer than what the program does now, and is nobody's current one.
    private Activity? StartSpan(Session session)
    {
        Activity? current = Activity.Current;
        Activity? span = s_sessions.StartActivity("cudarpc.session", ActivityKind.Client);
        Activity.Current = current;
        if (span?.IsAllDataRequested == true)
        {
            Describe(span);
            span.SetTag("cudarpc.server.version", session.ServerName);
            span.SetTag("cudarpc.devices", session.Devices.Devices.Count);
        }

        return span;
    }

    private void Describe(Activity span)
    {
        // The convention's older name, which most tools look for, and the newer one.
        span.SetTag("rpc.system", ClientMeter.System);
        foreach ((string key, object? value) in _server)
        {
            span.SetTag(key, value);
        }
    }

    private static string Name(CUresult result) => CudaErrors.Name(result) ?? $"{(int)result}";

    private static KeyValuePair<string, object?>[] Tags(ServerUrl url) => url.Scheme == "tcp"
        ? [new("rpc.system.name", ClientMeter.System), new("network.transport", "tcp"), new("server.address", url.Host),
            new("server.port", url.Port)]
        : [new("rpc.system.name", ClientMeter.System), new("network.transport", url.Scheme), new("server.address", url.Path)];
}
