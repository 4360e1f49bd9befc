using System.Diagnostics;

namespace CudaRpc.Transport.Emulation;

/// <summary>Waiting for a moment to within a microsecond, which sleeping does not: the end of each wait is spun.</summary>
internal static class PreciseWait
{
    // A precise sleep ends this much late on the virtual machine measured (2026-11-28: median 23 us, 99 % below 45 us, busy processors or not).
    private static readonly long s_oversleep = Ticks(TimeSpan.FromMicroseconds(45));

    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>Waits until <see cref="Stopwatch.GetTimestamp"/> is <paramref name="due"/>, or for one sleep or spin of that; true where it is.</summary>
    public static bool Step(long due)
    {
        long left = due - Stopwatch.GetTimestamp();
        if (left <= 0)
        {
            return true;
        }

        if (left > s_oversleep)
        {
            Libc.SleepPrecisely(left - s_oversleep);
        }
        else
        {
            // Not a yield: beside a thread that computes the next turn would come with that one's next tick, milliseconds later.
            Thread.SpinWait(8);
        }

        return false;
    }
}
