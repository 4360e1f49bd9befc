namespace CudaRpc.Simulator.Execution;

/// <summary>A place in a stream's order: reached once the work with this sequence number and all work before it is done.</summary>
internal readonly record struct StreamPoint(DriverStream Stream, long Sequence)
{
    public bool IsReached => Stream.Completed >= Sequence;

    /// <summary>Blocks until the point is reached. Every point is: work of a failed or closing context is skipped, never kept.</summary>
    public void Wait() => Stream.Wait(Sequence);
}
