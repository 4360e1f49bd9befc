using CudaRpc.Protocol;
using CudaRpc.Tracing;

namespace CudaRpc.Model;

/// <summary>
/// What each call of a trace cost the server and the device. Where the recording does not say, it is inferred: a call that waited for the device
/// tells when that was done, and the work since is made so long that it ends then.
/// </summary>
internal sealed class CallCosts
{
    // A driver that returns sooner has not waited for its device.
    private const long ShortestWait = 5_000;
    private const int NotReady = 600; // CUDA_ERROR_NOT_READY
    // What the server's thread spends on a posted call beside the driver, at most: longer, and it was kept from running.
    private const long LongestHandling = 10_000;
    // Of a frame, and more than the arguments of a copy.
    private const long Framing = 256;

    private readonly Trace _trace;
    private readonly ModelCosts _costs;
    private readonly DeviceOperation[] _operations;
    private readonly Dictionary<int, PendingWork> _processes = [];
    private readonly Dictionary<int, long> _lastPoll = [];
    private readonly long[] _handling;
    private readonly int _streams;
    private readonly int _events;

    private CallCosts(Trace trace, ModelCosts costs)
    {
        (_trace, _costs) = (trace, costs);
        _operations = [.. trace.Functions.Select(FunctionKind.Of)];
        _streams = trace.Calls.Max(static call => call.Stream) + 1;
        _events = trace.Calls.Max(static call => call.Event) + 1;
        _handling = new long[trace.Calls.Count];
        Server = new long[trace.Calls.Count];
        HeldBack = new bool[trace.Calls.Count];
        Device = new long[trace.Calls.Count];
    }

    /// <summary>Nanoseconds of the server's thread, for each call of the trace, without what it waited for the device.</summary>
    public long[] Server { get; }

    /// <summary>Nanoseconds of the device, likewise.</summary>
    public long[] Device { get; }

    /// <summary>Whether the call was posted while so much was under way that it may have been held back, for each call of the trace.</summary>
    public bool[] HeldBack { get; }

    public static CallCosts Of(Trace trace, ModelCosts costs)
    {
        var result = new CallCosts(trace, costs);
        result.FindHandling();
        for (int index = 0; index < trace.Calls.Count; index++)
        {
            result.Add(index, trace.Calls[index]);
        }

        return result;
    }

    /// <summary>What the call has to do with the device. Copies whose name does not tell their direction are told by their bytes.</summary>
    public DeviceOperation OperationOf(in TraceCall call)
    {
        DeviceOperation operation = _operations[call.Function];
        return operation switch
        {
            DeviceOperation.Work when call.BytesOut > Framing * 16 => DeviceOperation.CopyToDevice,
            DeviceOperation.Work when call.BytesIn > Framing * 16 => DeviceOperation.CopyToHost,
            DeviceOperation.None when call.Class == TraceClass.Blocking => DeviceOperation.SynchronizeAll,
            _ => operation,
        };
    }

    // A posted call takes the server longer than the driver. Where the next one was there already when the driver returned, the time until that
    // was begun shows how long.
    private void FindHandling()
    {
        int[] served = [.. Enumerable.Range(0, _trace.Calls.Count).Where(index => _trace.Calls[index].ServerEnd >= 0)];
        foreach (IGrouping<int, int> process in served.GroupBy(index => _trace.Threads[_trace.Calls[index].Thread].Process))
        {
            int[] order = [.. process.OrderBy(index => _trace.Calls[index].ServerBegin)];
            for (int next = 1; next < order.Length; next++)
            {
                TraceCall call = _trace.Calls[order[next - 1]], following = _trace.Calls[order[next]];
                long ready = (following.Class == TraceClass.Posted ? following.End : following.Begin) + (_trace.Header.RoundTrip / 2);
                if (call.Class == TraceClass.Posted && ready < call.ServerEnd)
                {
                    _handling[order[next - 1]] = Math.Clamp(following.ServerBegin - call.ServerEnd, 0, LongestHandling);
                }
            }

            FindHeldBack(order);
        }
    }

    // The client's thread sends itself when so much is queued: what a call took then is the network's or the server's.
    private void FindHeldBack(int[] order)
    {
        long ahead = 0;
        for (int index = 0, made = 0; index < order.Length; index++)
        {
            TraceCall call = _trace.Calls[order[index]];
            for (; made < index && _trace.Calls[order[made]].ServerEnd <= call.Begin; made++)
            {
                ahead -= _trace.Calls[order[made]].BytesOut;
            }

            HeldBack[order[index]] = ahead > ProtocolLimits.SendQueue;
            ahead += call.BytesOut;
        }
    }

    private void Add(int index, in TraceCall call)
    {
        if (call.Class == TraceClass.Local)
        {
            return;
        }

        int process = _trace.Threads[call.Thread].Process;
        if (!_processes.TryGetValue(process, out PendingWork? pending))
        {
            _processes.Add(process, pending = new PendingWork(_streams, _events, Device));
        }

        DeviceOperation operation = OperationOf(call);
        (long begin, long end) = ServerTimes(call, pending);
        Server[index] = end - begin + _handling[index];
        Submit(index, call, operation, call.Class == TraceClass.Posted ? end : begin, pending);
        if (call.Class == TraceClass.Posted)
        {
            pending.ServerFree = end;
            WithoutTransfer(index, call);
            return;
        }

        pending.ServerFree = Math.Max(pending.ServerFree, begin);
        Answered(index, call, operation, begin, end, pending);
        WithoutTransfer(index, call);
    }

    // On the client's clock. A trace of the machine's own driver has no server: what the call took, the driver took.
    private (long Begin, long End) ServerTimes(in TraceCall call, PendingWork pending)
    {
        if (call.ServerBegin >= 0 && call.ServerEnd >= call.ServerBegin)
        {
            return (call.ServerBegin, call.ServerEnd);
        }

        long way = _trace.Header.RoundTrip / 2;
        if (call.Class == TraceClass.Posted)
        {
            long served = way == 0 ? call.End - call.Begin : (long)_costs.Serve;
            long begun = Math.Max(way == 0 ? call.Begin : call.End + way, pending.ServerFree);
            return (begun, begun + served);
        }

        long others = Math.Max(0, call.RoundTrips - 1) * _trace.Header.RoundTrip;
        long end = Math.Max(call.Begin, call.End - way - Transfer(call.BytesIn, _costs.CopyIn));
        long begin = call.Begin + way + others + Transfer(call.BytesOut, _costs.CopyOut);
        return (Math.Clamp(begin, Math.Min(end, pending.ServerFree), end), end);
    }

    private long Transfer(long bytes, double rate) => _trace.Header.RoundTrip == 0 || bytes <= Framing ? 0 : (long)(bytes * 1e9 / rate);

    private void Submit(int index, in TraceCall call, DeviceOperation operation, long at, PendingWork pending)
    {
        switch (operation)
        {
            case DeviceOperation.Work or DeviceOperation.CopyToDevice or DeviceOperation.CopyToHost or DeviceOperation.HostFunction:
                if (call.DeviceBegin >= 0 && call.DeviceEnd >= call.DeviceBegin)
                {
                    Device[index] = call.DeviceEnd - call.DeviceBegin;
                    pending.Known(call.Stream, call.DeviceEnd);
                }
                else
                {
                    bool isCopy = operation is DeviceOperation.CopyToDevice or DeviceOperation.CopyToHost;
                    Device[index] = isCopy ? (long)((call.BytesOut + call.BytesIn) * 1e9 / _costs.DeviceCopy) : 0;
                    pending.Unknown(call.Stream, index, at, isFixed: isCopy);
                }

                break;
            case DeviceOperation.RecordEvent:
                pending.Record(call.Event, call.Stream);
                break;
            case DeviceOperation.WaitEvent:
                pending.Wait(call.Stream, call.Event);
                break;
        }
    }

    // A call that was waited for: did the driver wait for the device, and until when was that at work? What it took after that is its own.
    private void Answered(int index, in TraceCall call, DeviceOperation operation, long begin, long end, PendingWork pending)
    {
        long? done = end - begin - Device[index] > ShortestWait ? end : null;
        switch (operation)
        {
            case DeviceOperation.QueryEvent or DeviceOperation.QueryStream:
                Polled(call, operation, begin, pending);
                break;
            case DeviceOperation.SynchronizeEvent:
                Server[index] = OwnTime(begin, end, pending.EventIsDone(call.Event, done), pending.KnownOfEvent(call.Event));
                break;
            case DeviceOperation.SynchronizeAll:
                Server[index] = OwnTime(begin, end, pending.AllIsDone(done), pending.KnownOfAll());
                break;
            case DeviceOperation.SynchronizeStream:
            case DeviceOperation.CopyToHost:
            case DeviceOperation.CopyToDevice or DeviceOperation.Work when FunctionKind.WaitsForItsWork(_trace.NameOf(call)):
                Server[index] = OwnTime(begin, end, pending.StreamIsDone(call.Stream, done), pending.KnownOfStream(call.Stream));
                break;
        }
    }

    // The server makes a large copy while its bytes come or go; what they take is the network's matter.
    private void WithoutTransfer(int index, in TraceCall call)
    {
        if (Math.Max(call.BytesOut, call.BytesIn) > ProgramSteps.PostedBulk)
        {
            Server[index] = Math.Max(0, Server[index] - Transfer(call.BytesOut, _costs.CopyOut) - Transfer(call.BytesIn, _costs.CopyIn));
        }
    }

    private static long OwnTime(long begin, long end, bool isExplained, long known) => isExplained ? 0 : Math.Max(0, end - Math.Max(begin, known));

    private void Polled(in TraceCall call, DeviceOperation operation, long begin, PendingWork pending)
    {
        if (call.Result == NotReady)
        {
            _lastPoll[call.Thread] = begin;
            return;
        }

        // It was done between the last poll in vain and this one.
        long? done = _lastPoll.Remove(call.Thread, out long last) ? (last + begin) / 2 : null;
        _ = operation == DeviceOperation.QueryEvent ? pending.EventIsDone(call.Event, done) : pending.StreamIsDone(call.Stream, done);
    }
}
