namespace CudaRpc.Simulator.Graphs;

/// <summary>A node of an instantiated graph.</summary>
/// <param name="content">What it does; may be replaced by one of the same kind.</param>
/// <param name="inner">The graphs inside it: a child's one, or a conditional's bodies.</param>
internal sealed class InstanceNode(NodeContent content, InstanceNode[][] inner)
{
    public NodeContent Content { get; set; } = content;

    public InstanceNode[][] Inner { get; } = inner;

    /// <summary>Positions of the nodes it depends on.</summary>
    public required int[] Dependencies { get; init; }

    /// <summary>Whether it does anything; disabled it only orders.</summary>
    public bool IsEnabled { get; set; } = true;
}
