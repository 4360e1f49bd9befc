using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>A place in a stream's order: reached once the work with this sequence number and all work before it is done.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Sequence">The number of the last work before the place.</param>
/// <param name="Time">With a timing model, when that work ends; null for a place before all work.</param>
internal readonly record struct StreamPoint(DriverStream Stream, long Sequence, WorkTime? Time = null)
{
    /// <summary>Whether the work has run, though the device may still need time for it.</summary>
    public bool HasRun => Stream.Completed >= Sequence;

    public bool IsReached => HasRun && (Time is null || Stream.HasCome(Time.End));

    /// <summary>With a timing model, when the work that has run ends.</summary>
    public long End => Time?.End ?? 0;

    /// <summary>Blocks until the point is reached. Every point is: work of a failed or closing context is skipped, never kept.</summary>
    public void Wait()
    {
        Stream.Wait(Sequence);
        if (Time is not null)
        {
            Stream.WaitUntil(Time.End);
        }
    }
}
