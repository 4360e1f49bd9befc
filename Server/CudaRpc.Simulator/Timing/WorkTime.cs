namespace CudaRpc.Simulator.Timing;

/// <summary>When a piece of work ends, on the device's clock: known once it has run.</summary>
internal sealed class WorkTime
{
    // Written before its stream counts the work as run, read after.
    public long End { get; set; }
}
