using CudaRpc.Tracing;

namespace CudaRpc.Model.Tests;

/// <summary>Makes up a traced program, call by call. Times are microseconds; a thread's calls follow each other.</summary>
internal sealed class TraceMaker
{
    private readonly List<string> _functions = [];
    private readonly List<TraceThread> _threads = [];
    private readonly List<TraceCall> _calls = [];
    private readonly Dictionary<int, double> _now = [];

    /// <summary>The recorded run's round trip.</summary>
    public double RoundTrip { get; init; } = 10;

    public int Thread(int process = 1, double at = 0)
    {
        _threads.Add(new TraceThread(process, 100 + _threads.Count, ""));
        _now[_threads.Count - 1] = at;
        return _threads.Count - 1;
    }

    public double Now(int thread) => _now[thread];

    public TraceMaker Local(int thread, double think = 0, string function = "cuCtxGetDevice", double cost = 1) =>
        Add(thread, function, TraceClass.Local, think, cost);

    public TraceMaker Post(
        int thread, double think = 0, string function = "cuLaunchKernel", double cost = 0.1, long bytes = 100, int stream = 0, int @event = 0, double device = 0,
        TraceMarks marks = TraceMarks.None, long bytesIn = 0) =>
        Add(thread, function, TraceClass.Posted, think, cost, bytes, bytesIn, stream: stream, @event: @event, device: device, marks: marks);

    public TraceMaker Wait(
        int thread, double think = 0, string function = "cuMemAlloc_v2", double cost = 10, long bytesOut = 40, long bytesIn = 40, int roundTrips = 1, int stream = 0,
        int @event = 0, double device = 0, double server = 0, int result = 0, TraceMarks marks = TraceMarks.None, bool blocking = false, long saved = 0) =>
        Add(
            thread, function, blocking ? TraceClass.Blocking : TraceClass.Synchronous, think, cost, bytesOut, bytesIn, roundTrips, stream, @event, device, server, result, marks,
            saved);

    public TraceMaker Synchronize(int thread, double cost = 10, double think = 0, int stream = 0, string function = "cuStreamSynchronize", int @event = 0) =>
        Wait(thread, think, function, cost, stream: stream, @event: @event, blocking: true);

    public Trace Make(string server = "unix:///tmp/s", bool deviceTimes = true) => new(
        new TraceHeader { Command = ["made-up"], Server = server, Began = DateTimeOffset.UnixEpoch, RoundTrip = (long)(RoundTrip * 1000), HasDeviceTimes = deviceTimes },
        _functions, _threads, [.. _calls.OrderBy(call => call.Begin)], []);

    private TraceMaker Add(
        int thread, string function, TraceClass @class, double think, double cost, long bytesOut = 0, long bytesIn = 0, int roundTrips = 0, int stream = 0, int @event = 0,
        double device = 0, double server = 0, int result = 0, TraceMarks marks = TraceMarks.None, long saved = 0)
    {
        if (!_functions.Contains(function))
        {
            _functions.Add(function);
        }

        double begin = _now[thread] + think, end = begin + cost;
        _now[thread] = end;
        long serverBegin = Nanoseconds(begin + (RoundTrip / 2));
        _calls.Add(new TraceCall
        {
            Thread = thread, Function = _functions.IndexOf(function), Begin = Nanoseconds(begin), End = Nanoseconds(end), Class = @class, Marks = marks, Result = result,
            RoundTrips = roundTrips, BytesOut = bytesOut, BytesIn = bytesIn, BytesSaved = saved, Stream = stream, Event = @event,
            ServerBegin = @class == TraceClass.Local ? -1 : serverBegin, ServerEnd = @class == TraceClass.Local ? -1 : serverBegin + Nanoseconds(server),
            DeviceBegin = device > 0 ? serverBegin : -1, DeviceEnd = device > 0 ? serverBegin + Nanoseconds(device) : -1,
        });
        return this;
    }

    private static long Nanoseconds(double microseconds) => (long)Math.Round(microseconds * 1000);
}
