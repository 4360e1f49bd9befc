using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Says what each call of a trace was spent on.</summary>
internal sealed class TimeSplitter
{
    /// <summary>
    /// What a posted call takes in the client at most, nanoseconds; one that takes longer was kept by the network. It takes a tenth of a
    /// microsecond; the bound leaves room for a processor that was taken away.
    /// </summary>
    public const long LongestPost = 20_000;

    private readonly Trace _trace;
    private readonly Dictionary<int, BusyTime> _posted;
    private readonly Dictionary<int, BusyTime> _device;

    public TimeSplitter(Trace trace)
    {
        _trace = trace;
        ILookup<int, TraceCall> processes = trace.Calls.Where(static call => call.ServerBegin >= 0 || call.DeviceBegin >= 0)
            .ToLookup(call => trace.Threads[call.Thread].Process);
        _posted = processes.ToDictionary(static process => process.Key, static process => BusyTime.Of(
            process.Where(static call => call.Class == TraceClass.Posted).Select(static call => (call.ServerBegin, call.ServerEnd))));
        _device = processes.ToDictionary(
            static process => process.Key,
            static process => BusyTime.Of(process.Select(static call => (call.DeviceBegin, call.DeviceEnd))));
    }

    /// <summary>The device's work of all processes.</summary>
    public long DeviceTime => _device.Values.Sum(static busy => busy.Total);

    /// <summary>Whether it is known when the device worked.</summary>
    public bool KnowsDevice => DeviceTime > 0;

    public TimeSplit Of(in TraceCall call)
    {
        long time = Math.Max(0, call.End - call.Begin);
        return call.Class switch
        {
            TraceClass.Local => new TimeSplit(time, 0, 0, 0, 0),
            TraceClass.Posted => Post(call, time),
            _ => call.ServerBegin >= 0 && call.ServerEnd >= call.ServerBegin ? Timed(call) : Untimed(call, time),
        };
    }

    // Large bulk leaves from the program's memory while the thread waits; else only back-pressure keeps it.
    private static TimeSplit Post(in TraceCall call, long time)
    {
        long client = call.BytesOut > ProtocolLimits.PostedCopy ? 0 : Math.Min(time, LongestPost);
        return new TimeSplit(client, time - client, 0, 0, 0);
    }

    private TimeSplit Timed(in TraceCall call)
    {
        int process = _trace.Threads[call.Thread].Process;
        long end = Math.Max(call.Begin, call.End);
        long begun = Math.Clamp(call.ServerBegin, call.Begin, end);
        long done = Math.Clamp(call.ServerEnd, begun, end);
        long queue = _posted[process].Within(call.Begin, begun);
        long device = call.Class != TraceClass.Blocking ? 0
            : _device[process] is { Total: > 0 } busy ? busy.Within(begun, done)
            : done - begun;
        return new TimeSplit(0, end - call.Begin - queue - (done - begun), queue, done - begun - device, device);
    }

    private TimeSplit Untimed(in TraceCall call, long time)
    {
        long network = Math.Min(time, Math.Max(0, call.RoundTrips * _trace.Header.RoundTrip));
        return call.Class == TraceClass.Blocking ? new TimeSplit(0, network, 0, 0, time - network) : new TimeSplit(0, network, 0, time - network, 0);
    }
}
