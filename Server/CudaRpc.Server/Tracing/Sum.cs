namespace CudaRpc.Server.Tracing;

/// <summary>Sums of what a file says, which may be anything: one that is too large is the largest number.</summary>
internal static class Sum
{
    public static long Of<T>(IEnumerable<T> items, Func<T, long> value)
    {
        Int128 sum = 0;
        foreach (T item in items)
        {
            sum += value(item);
        }

        return (long)Int128.Clamp(sum, long.MinValue, long.MaxValue);
    }

    /// <summary>Adds two numbers that are not negative.</summary>
    public static long Of(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
