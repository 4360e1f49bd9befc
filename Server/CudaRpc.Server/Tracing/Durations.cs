namespace CudaRpc.Server.Tracing;

/// <summary>How long the calls of a group took, nanoseconds.</summary>
internal readonly record struct Durations(long Count, long Total, long Median, long P99, long Max)
{
    /// <summary>Of any times; sorts them in place.</summary>
    public static Durations Of(List<long> times)
    {
        times.Sort();
        return times.Count == 0
            ? default
            : new Durations(times.Count, Sum.Of(times, static time => time), times[(times.Count - 1) / 2],
                times[(int)(((long)times.Count - 1) * 99 / 100)], times[^1]);
    }
}
