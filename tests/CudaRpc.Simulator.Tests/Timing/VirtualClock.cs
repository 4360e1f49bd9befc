using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Tests.Timing;

/// <summary>Time passes only when somebody waits for it.</summary>
internal sealed class VirtualClock : DeviceClock
{
    private long _now;

    public override long Now => Volatile.Read(ref _now); // Pairs with the exchange in WaitUntil.

    public override void WaitUntil(long time, CancellationToken cancelled)
    {
        for (long now = Now; now < time && !cancelled.IsCancellationRequested; now = Now)
        {
            Interlocked.CompareExchange(ref _now, time, now);
        }
    }
}
