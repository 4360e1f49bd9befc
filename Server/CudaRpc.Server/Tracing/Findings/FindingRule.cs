using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Looks through a trace for one cause of round trips that could be avoided. Sees each call once, in the trace's order.</summary>
/// <param name="name">The finding's name.</param>
/// <param name="least">Fewer calls than these are not worth a word.</param>
internal abstract class FindingRule(string name, int least)
{
    private const int NamedFunctions = 3;

    private readonly Dictionary<string, long> _functions = [];
    private long _count;
    private long _roundTrips;
    private long _time;

    /// <summary>What happens, as a sentence that the functions are appended to.</summary>
    protected abstract string Why { get; }

    /// <summary>What to do about it.</summary>
    protected abstract string Advice { get; }

    /// <summary>The rules for a trace.</summary>
    /// <param name="isRemoted">Whether there was a server.</param>
    public static FindingRule[] All(bool isRemoted) =>
    [
        new RepeatedQuestion(), new MemoryInfo(), new RepeatedSynchronise(), new FrequentSynchronise(), new Polling(),
            new AllocationInLoop(),
        new LargeSynchronousCopy(), new SmallCopyToHost(), new FirstUse(), new ShortLived(), new RepeatedFailure(),
        // Whether memory is page-locked only remoting tells.
        .. (FindingRule[])(isRemoted ? [new PageableCopy()] : []),
    ];

    /// <summary>The next call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="split">What its time was spent on.</param>
    /// <param name="function">What was called.</param>
    /// <param name="process">The number of the process that called.</param>
    public abstract void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process);

    /// <summary>What was found; null for nothing.</summary>
    public Finding? Found()
    {
        if (_count < least)
        {
            return null;
        }

        IEnumerable<string> most = _functions.OrderByDescending(static entry => entry.Value)
            .ThenBy(static entry => entry.Key, StringComparer.Ordinal)
            .Take(NamedFunctions).Select(static entry => $"{Readable.Clean(entry.Key)} {entry.Value}x");
        string others = _functions.Count > NamedFunctions ? $" and {_functions.Count - NamedFunctions} more" : "";
        return new Finding(name, $"{Why}: {string.Join(", ", most)}{others}", _count, _roundTrips, _time, Advice);
    }

    /// <summary>Whether the program waited for the answer.</summary>
    protected static bool Waits(in TraceCall call) => call.Class is TraceClass.Synchronous or TraceClass.Blocking;

    /// <summary>The call is one that could be avoided.</summary>
    protected void Count(in TraceCall call, in TimeSplit split, TracedFunction function)
    {
        _functions[function.Name] = _functions.GetValueOrDefault(function.Name) + 1;
        _count++;
        Add(call.RoundTrips, split);
    }

    /// <summary>What a call that was counted costs besides. The device's work has to be waited for in some way.</summary>
    protected void Add(int roundTrips, in TimeSplit split)
    {
        _roundTrips += roundTrips;
        _time = Sum.Of(_time, split.Total - split.Device);
    }
}
