using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// What a node of a graph does, with its parameters. Immutable once it is in a graph: setting parameters replaces it, so graphs, their clones
/// and what was instantiated from them share it.
/// </summary>
internal abstract class NodeContent
{
    public abstract CUgraphNodeType Type { get; }

    /// <summary>The context whose device does it; null for what needs none.</summary>
    public virtual DriverContext? Context => null;

    /// <summary>Does it, on the thread that runs the launch. A failure is an exception, or is told to the context.</summary>
    public abstract void Run(GraphLaunch launch, DriverContext context);

    /// <summary>With a timing model: does it, and returns when the device ends it.</summary>
    public virtual long RunTimed(GraphLaunch launch, DriverContext context, DeviceTiming timing, WorkStart start)
    {
        if (Work is not null)
        {
            return Work.RunTimed(context, timing, start);
        }
        Run(launch, context);
        return start.Ready;
    }

    /// <summary>The work that it is; null for what is none.</summary>
    public virtual StreamWork? Work => null;

    /// <summary>Writes the parameters into the structure for nodes of any kind. What they point to lives as long as this.</summary>
    public abstract void Describe(ref CUgraphNodeParams parameters);

    /// <summary>The content of the same node in a clone of the graph.</summary>
    public virtual NodeContent Clone(GraphCopy copy) => this;

    /// <summary>Whether an instantiated node may get <paramref name="replacement"/> instead.</summary>
    public virtual CUgraphExecUpdateResult Accepts(NodeContent replacement) =>
        replacement.Type == Type
            ? CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS
            : CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
}
