using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Says what each call of a trace was spent on.</summary>
internal sealed class TimeSplitter
{
    private readonly Trace _trace;
    private readonly bool[] _isCopy;
    private readonly Dictionary<int, BusyTime> _posted;
    private readonly Dictionary<int, BusyTime> _device;

    public TimeSplitter(Trace trace)
    {
        _trace = trace;
        _isCopy = [.. trace.Functions.Select(static name => name.StartsWith("cuMemcpy", StringComparison.Ordinal))];
        IsRemoted = trace.Header.RoundTrip > 0 || trace.Calls.Any(static call => call.ServerBegin >= 0);
        _posted = ByProcess(trace, static call => call.Class == TraceClass.Posted ? (call.ServerBegin, call.ServerEnd) : (-1, -1));
        _device = ByProcess(trace, static call => (call.DeviceBegin, call.DeviceEnd));
    }

    /// <summary>
    /// Whether there was a server. Where not, classes and bytes are what remoting would make of a call, as far as its function tells.
    /// </summary>
    public bool IsRemoted { get; }

    /// <summary>The device's work of all processes.</summary>
    public long DeviceTime => Sum.Of(_device.Values, static busy => busy.Total);

    /// <summary>Whether it is known when the device worked.</summary>
    public bool KnowsDevice => DeviceTime > 0;

    public TimeSplit Of(in TraceCall call)
    {
        long time = Math.Max(0, call.End - call.Begin);
        return IsRemoted
            ? call.Class switch
            {
                TraceClass.Local => new TimeSplit(time, 0, 0, 0, 0),
                TraceClass.Posted => Post(call, time),
                _ => call.ServerBegin >= 0 && call.ServerEnd >= call.ServerBegin ? Timed(call) : Untimed(call, time),
            }
            : InDriver(call, call.Begin, call.Begin + time);
    }

    private static Dictionary<int, BusyTime> ByProcess(Trace trace, Func<TraceCall, (long Begin, long End)> when)
    {
        Dictionary<int, List<(long, long)>> intervals = [];
        foreach (TraceThread thread in trace.Threads)
        {
            intervals.TryAdd(thread.Process, []);
        }

        foreach (TraceCall call in trace.Calls)
        {
            if (when(call) is { Begin: >= 0 } interval)
            {
                intervals[trace.Threads[call.Thread].Process].Add(interval);
            }
        }

        return intervals.ToDictionary(static process => process.Key, static process => BusyTime.Of(process.Value));
    }

    // Large bulk leaves from the program's memory while the thread waits; else only back-pressure keeps it, or other threads that post what the
    // network takes, which is recorded. What takes long without any of these was not the network: the thread had lost its processor.
    private static TimeSplit Post(in TraceCall call, long time)
    {
        bool isNetwork = call.BytesOut > ProtocolLimits.PostedCopy || (call.Marks & TraceMarks.Waited) != 0;
        return isNetwork ? new TimeSplit(0, time, 0, 0, 0) : new TimeSplit(time, 0, 0, 0, 0);
    }

    private TimeSplit Timed(in TraceCall call)
    {
        long end = Math.Max(call.Begin, call.End);
        long begun = Math.Clamp(call.ServerBegin, call.Begin, end);
        long done = Math.Clamp(call.ServerEnd, begun, end);
        long queue = _posted[_trace.Threads[call.Thread].Process].Within(call.Begin, begun);
        return InDriver(call, begun, done) + new TimeSplit(0, end - call.Begin - queue - (done - begun), queue, 0, 0);
    }

    private TimeSplit Untimed(in TraceCall call, long time)
    {
        long network = Math.Min(time, Math.Max(0, call.RoundTrips * _trace.Header.RoundTrip));
        return InDriver(call, call.Begin, call.Begin + time - network) + new TimeSplit(0, network, 0, 0, 0);
    }

    // While the driver has a large copy its bytes are under way, piece by piece.
    private TimeSplit InDriver(in TraceCall call, long begin, long end)
    {
        bool isLargeCopy = IsRemoted && _isCopy[call.Function] && Math.Max(call.BytesOut, call.BytesIn) > ProtocolLimits.PostedCopy;
        BusyTime busy = _device[_trace.Threads[call.Thread].Process];
        long device = call.Class != TraceClass.Blocking ? 0
            : busy.Total > 0 ? busy.Within(begin, end)
            : isLargeCopy ? 0
            : end - begin;
        long rest = end - begin - device;
        return isLargeCopy ? new TimeSplit(0, rest, 0, 0, device) : new TimeSplit(0, 0, 0, rest, device);
    }
}
