using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>
/// One piece of work in a stream. The stream calls <see cref="Run"/> at most once, then <see cref="Release"/> exactly once; a context that
/// has failed or is cancelled skips <see cref="Run"/>.
/// </summary>
internal abstract class StreamWork
{
    private List<StreamPoint>? _after;

    /// <summary>Whether the work runs even after its context has failed: callbacks that are told of the failure.</summary>
    public virtual bool RunsAfterFault => false;

    /// <summary>Adds a point of another stream that must be reached before this work starts. Only before the work is submitted.</summary>
    public void StartAfter(StreamPoint point)
    {
        if (!point.IsReached)
        {
            (_after ??= []).Add(point);
        }
    }

    /// <summary>The first point this work still waits for, or null when it may start.</summary>
    public StreamPoint? NextObstacle()
    {
        while (_after is { Count: > 0 })
        {
            StreamPoint point = _after[^1];
            if (!point.IsReached)
            {
                return point;
            }
            _after.RemoveAt(_after.Count - 1);
        }
        return null;
    }

    public abstract void Run(DriverContext context);

    /// <summary>The node that a captured stream gets in place of the work; null for work that cannot be captured.</summary>
    /// <param name="stream">The stream that is captured.</param>
    public virtual NodeContent? ToContent(DriverStream stream) => null;

    /// <summary>Gives back what the work held, whether it ran or not.</summary>
    public virtual void Release()
    {
    }
}
