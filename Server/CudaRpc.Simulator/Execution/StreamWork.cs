using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Execution;

/// <summary>
/// One piece of work in a stream. The stream calls <see cref="Run"/> at most once, then <see cref="Release"/> exactly once; a context that
/// has failed or is cancelled skips <see cref="Run"/>.
/// </summary>
internal abstract class StreamWork
{
    private List<StreamPoint>? _after;
    private long _notBefore;

    /// <summary>Whether the work runs even after its context has failed: callbacks that are told of the failure.</summary>
    public virtual bool RunsAfterFault => false;

    /// <summary>Whether the program can see it happen without asking the driver: then it may not happen before its time.</summary>
    public virtual bool ActsOnHost => false;

    /// <summary>With a timing model, when the program gave it.</summary>
    public long Submitted { get; set; }

    /// <summary>With a timing model, when it ends.</summary>
    public WorkTime? Time { get; set; }

    /// <summary>With a timing model, when what it starts after ends. Valid once it may start.</summary>
    public long NotBefore => _notBefore;

    /// <summary>Adds a point of another stream that must be reached before this work starts. Only before the work is submitted.</summary>
    public void StartAfter(StreamPoint point)
    {
        if (!point.HasRun)
        {
            (_after ??= []).Add(point);
            return;
        }
        _notBefore = Math.Max(_notBefore, point.End);
    }

    /// <summary>The first point this work still waits for, or null when it may start.</summary>
    public StreamPoint? NextObstacle()
    {
        while (_after is { Count: > 0 })
        {
            StreamPoint point = _after[^1];
            if (!point.HasRun)
            {
                return point;
            }
            _notBefore = Math.Max(_notBefore, point.End);
            _after.RemoveAt(_after.Count - 1);
        }
        return null;
    }

    public abstract void Run(DriverContext context);

    /// <summary>With a timing model: does the work, and returns when the device ends it.</summary>
    public virtual long RunTimed(DriverContext context, DeviceTiming timing, WorkStart start)
    {
        if (ActsOnHost)
        {
            timing.Clock.WaitUntil(start.Ready, context.Cancelled);
            if (context.MayRun(this))
            {
                Run(context);
            }
            return Math.Max(start.Ready, timing.Clock.Now);
        }
        DeviceCost cost = Cost(timing);
        if (timing.Executes || cost.Engine is Engine.None)
        {
            Run(context);
        }
        return timing.Take(cost, start);
    }

    /// <summary>What it costs the device, where that is known beforehand.</summary>
    protected virtual DeviceCost Cost(DeviceTiming timing) => default;

    /// <summary>The node that a captured stream gets in place of the work; null for work that cannot be captured.</summary>
    /// <param name="stream">The stream that is captured.</param>
    public virtual NodeContent? ToContent(DriverStream stream) => null;

    /// <summary>Gives back what the work held, whether it ran or not.</summary>
    public virtual void Release()
    {
    }
}
