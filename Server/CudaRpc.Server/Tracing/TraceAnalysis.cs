using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Finds out where the time of a traced run went.</summary>
internal sealed class TraceAnalysis
{
    private readonly Trace _trace;
    private readonly TimeSplitter _splitter;
    private readonly FindingRule[] _rules;
    private readonly Dictionary<(int Function, TraceClass Class), Group> _functions = [];
    private readonly Dictionary<TraceClass, Group> _classes = [];
    private readonly SortedDictionary<int, Group> _threads = [];
    private readonly PriorityQueue<Stall, (long Time, long Late)> _stalls = new();
    private readonly int _top;

    private TraceAnalysis(Trace trace, int top)
    {
        (_trace, _top) = (trace, top);
        _splitter = new TimeSplitter(trace);
        _rules = FindingRule.All(_splitter.IsRemoted);
        TracedFunction[] functions = [.. trace.Functions.Select(static name => new TracedFunction(name))];
        foreach (ref readonly TraceCall call in CollectionsMarshal.AsSpan(trace.Calls as List<TraceCall> ?? [.. trace.Calls]))
        {
            TimeSplit split = _splitter.Of(call);
            See(call, split);
            int process = trace.Threads[call.Thread].Process;
            foreach (FindingRule rule in _rules)
            {
                rule.See(call, split, functions[call.Function], process);
            }
        }
    }

    /// <param name="trace">The run; may be damaged.</param>
    /// <param name="top">How many stalls to name.</param>
    public static TraceReport Of(Trace trace, int top = 10) => new TraceAnalysis(trace, top).Report();

    private void See(in TraceCall call, in TimeSplit split)
    {
        Find(_functions, (call.Function, call.Class)).Add(call, split);
        Find(_classes, call.Class).Add(call, split);
        Find(_threads, call.Thread).Add(call, split);
        if (call.Class == TraceClass.Local)
        {
            return;
        }

        long time = Math.Max(0, call.End - call.Begin);
        if (_stalls.Count == _top && (!_stalls.TryPeek(out _, out (long Time, long Late) least) || least.Time >= time))
        {
            return;
        }

        TraceThread thread = _trace.Threads[call.Thread];
        var stall = new Stall(_trace.NameOf(call), Readable.Thread(thread.Name, thread.Id), call.Begin, time, split.Largest(), split);
        _stalls.Enqueue(stall, (time, -call.Begin));
        if (_stalls.Count > _top)
        {
            _stalls.Dequeue();
        }
    }

    private TraceReport Report()
    {
        ThreadFigures[] threads = [.. _threads.Select(Thread)];
        return new TraceReport(
            _trace.Header,
            Run(threads),
            [.. _functions.Select(Function)
                .OrderByDescending(static figures => figures.Times.Total)
                    .ThenBy(static figures => figures.Function, StringComparer.Ordinal)],
            [.. _classes.OrderBy(static entry => entry.Key).Select(static entry => new ClassFigures(
                entry.Key, Durations.Of(entry.Value.Times), entry.Value.Split, entry.Value.RoundTrips, entry.Value.BytesOut,
                    entry.Value.BytesIn))],
            threads,
            [.. _rules.Select(static rule => rule.Found()).OfType<Finding>().OrderByDescending(static finding => finding.Time)],
            [.. _stalls.UnorderedItems.OrderByDescending(static item => item.Priority).Select(static item => item.Element)],
            _trace.Problems);
    }

    private RunFigures Run(ThreadFigures[] threads)
    {
        Group[] groups = [.. _threads.Values];
        return new RunFigures(
            _trace.Calls.Count == 0 ? 0 : _trace.Calls[0].Begin,
            _trace.Duration,
            threads.Select(static thread => thread.Process).Distinct().Count(),
            threads.Length,
            _trace.Calls.Count,
            Sum.Of(groups, static group => group.Failed),
            Sum.Of(groups, static group => group.RoundTrips),
            Sum.Of(groups, static group => group.BytesOut),
            Sum.Of(groups, static group => group.BytesIn),
            Sum.Of(groups, static group => group.BytesSaved),
            Sum.Of(threads, static thread => thread.Last - thread.First),
            Sum.Of(threads, static thread => thread.Own),
            groups.Aggregate(default(TimeSplit), static (sum, group) => sum + group.Split),
            _splitter.KnowsDevice ? _splitter.DeviceTime : null);
    }

    private FunctionFigures Function(KeyValuePair<(int Function, TraceClass Class), Group> entry)
    {
        Group group = entry.Value;
        return new FunctionFigures(
            _trace.Functions[entry.Key.Function], entry.Key.Class, Durations.Of(group.Times), group.Split, group.RoundTrips, group.BytesOut,
            group.BytesIn, group.Failed);
    }

    private ThreadFigures Thread(KeyValuePair<int, Group> entry)
    {
        TraceThread thread = _trace.Threads[entry.Key];
        Group group = entry.Value;
        return new ThreadFigures(
            thread.Process, thread.Id, thread.Name, group.Times.Count, group.First, group.Last, group.Own, group.Split, group.RoundTrips,
                group.BytesOut,
            group.BytesIn);
    }

    private static Group Find<TKey>(IDictionary<TKey, Group> groups, TKey key)
    {
        if (!groups.TryGetValue(key, out Group? group))
        {
            groups.Add(key, group = new Group());
        }

        return group;
    }

    // Sums of the calls that have something in common.
    private sealed class Group
    {
        public List<long> Times { get; } = [];

        public TimeSplit Split { get; private set; }

        public long First { get; private set; } = -1;

        public long Last { get; private set; } = -1;

        /// <summary>Time between one call and the next: of use for the calls of one thread.</summary>
        public long Own { get; private set; }

        public long RoundTrips { get; private set; }

        public long BytesOut { get; private set; }

        public long BytesIn { get; private set; }

        public long BytesSaved { get; private set; }

        public long Failed { get; private set; }

        public void Add(in TraceCall call, in TimeSplit split)
        {
            if (Times.Count == 0)
            {
                First = Last = call.Begin;
            }

            Times.Add(Math.Max(0, call.End - call.Begin));
            Split += split;
            Own = Sum.Of(Own, Math.Max(0, call.Begin - Last));
            Last = Math.Max(Last, call.End);
            RoundTrips = Sum.Of(RoundTrips, call.RoundTrips);
            BytesOut = Sum.Of(BytesOut, call.BytesOut);
            BytesIn = Sum.Of(BytesIn, call.BytesIn);
            BytesSaved = Sum.Of(BytesSaved, call.BytesSaved);
            Failed += call.Result is 0 or (int)CUresult.CUDA_ERROR_NOT_READY ? 0 : 1;
        }
    }
}
