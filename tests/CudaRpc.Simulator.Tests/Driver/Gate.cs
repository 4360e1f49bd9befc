namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Holds a stream up. Open it before the test ends, or the driver's Dispose waits for it.</summary>
internal sealed class Gate : IDisposable
{
    private readonly ManualResetEventSlim _open = new();
    private readonly ManualResetEventSlim _entered = new();

    /// <summary>Runs in the stream.</summary>
    public void Hold()
    {
        _entered.Set();
        _open.Wait(TimeSpan.FromMinutes(1));
    }

    /// <summary>Waits until the stream has come to the gate.</summary>
    public void WaitUntilReached() => Assert.True(_entered.Wait(TimeSpan.FromMinutes(1)));

    public void Open() => _open.Set();

    public void Dispose() => Open();
}
