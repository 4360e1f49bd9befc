using System.Diagnostics;
using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Timing;

/// <summary>The clock of the timing model, in nanoseconds: that of the machine. Tests have one of their own.</summary>
internal class DeviceClock
{
    // A sleeping thread wakes some 50 us late on a virtual machine (2026-11-28): the last of a wait is spun.
    private const long Spun = 60_000;
    private const long LongestSleep = 10_000_000;

    public virtual long Now => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    /// <summary>Blocks until the time has come, or the wait is cancelled.</summary>
    public virtual void WaitUntil(long time, CancellationToken cancelled)
    {
        long left = time - Now;
        if (left > Spun)
        {
            Libc.SetPreciseTimers();
        }

        for (; left > 0 && !cancelled.IsCancellationRequested; left = time - Now)
        {
            if (left > Spun)
            {
                Libc.Sleep(Math.Min(left - Spun, LongestSleep));
            }
            else
            {
                Thread.SpinWait(8);
            }
        }
    }
}
