using CudaRpc.Simulator.Timing;

namespace CudaRpc.EndToEnd.Tests.Workloads;

/// <summary>A clock that waits for nobody: waiting sets it, and looking moves it by a microsecond, so that polling comes to an end.</summary>
internal sealed class TickingClock : DeviceClock
{
    private long _now;

    public override long Now => Interlocked.Add(ref _now, 1000);

    public override void WaitUntil(long time, CancellationToken cancelled)
    {
        for (long now = Volatile.Read(ref _now); now < time; now = Volatile.Read(ref _now)) // Pairs with the exchange.
        {
            Interlocked.CompareExchange(ref _now, time, now);
        }
    }
}
