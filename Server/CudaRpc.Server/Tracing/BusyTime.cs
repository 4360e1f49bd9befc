namespace CudaRpc.Server.Tracing;

/// <summary>When something worked: a union of intervals, to be asked how much of it lies in another interval.</summary>
internal sealed class BusyTime
{
    private readonly long[] _begins;
    private readonly long[] _ends;

    // What lies before each interval.
    private readonly long[] _before;

    private BusyTime(List<(long Begin, long End)> intervals)
    {
        intervals.Sort();
        var begins = new List<long>();
        var ends = new List<long>();
        foreach ((long begin, long end) in intervals)
        {
            if (ends.Count > 0 && begin <= ends[^1])
            {
                ends[^1] = Math.Max(ends[^1], end);
            }
            else
            {
                begins.Add(begin);
                ends.Add(end);
            }
        }

        (_begins, _ends, _before) = ([.. begins], [.. ends], new long[begins.Count]);
        for (int at = 0; at < _begins.Length; at++)
        {
            _before[at] = Total;
            Total += _ends[at] - _begins[at];
        }
    }

    /// <summary>All of it, nanoseconds.</summary>
    public long Total { get; }

    /// <summary>The intervals, in order and apart from each other.</summary>
    public IEnumerable<(long Begin, long End)> Intervals => _begins.Zip(_ends);

    /// <summary>
    /// The union. Intervals that end before they begin, or have a negative time, which says that it is not known, are left out.
    /// </summary>
    public static BusyTime Of(IEnumerable<(long Begin, long End)> intervals) =>
        new([.. intervals.Where(static interval => interval.Begin >= 0 && interval.End > interval.Begin)]);

    /// <summary>How much of it lies between <paramref name="begin"/> and <paramref name="end"/>.</summary>
    public long Within(long begin, long end) => end <= begin ? 0 : Until(end) - Until(begin);

    private long Until(long time)
    {
        int at = Array.BinarySearch(_begins, time);
        at = at >= 0 ? at : ~at - 1;
        return at < 0 ? 0 : _before[at] + Math.Min(time, _ends[at]) - _begins[at];
    }
}
