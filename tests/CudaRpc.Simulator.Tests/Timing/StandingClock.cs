using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Tests.Timing;

/// <summary>Time never passes: who waits for it waits until that is cancelled.</summary>
internal sealed class StandingClock : DeviceClock
{
    public ManualResetEventSlim Waiting { get; } = new();

    public override long Now => 0;

    public override void WaitUntil(long time, CancellationToken cancelled)
    {
        if (time > 0)
        {
            Waiting.Set();
            cancelled.WaitHandle.WaitOne();
        }
    }
}
