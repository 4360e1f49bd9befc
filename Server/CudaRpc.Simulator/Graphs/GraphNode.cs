namespace CudaRpc.Simulator.Graphs;

/// <summary>A node of a graph. Guarded by its graph.</summary>
internal sealed class GraphNode(DriverGraph graph, NodeContent content)
{
    public DriverGraph Graph { get; } = graph;

    public nint Handle { get; set; }

    public NodeContent Content { get; set; } = content;

    /// <summary>Dependencies.</summary>
    public List<GraphEdge> In { get; } = [];

    /// <summary>Dependents.</summary>
    public List<GraphEdge> Out { get; } = [];

    /// <summary>The node this one is a clone of, for finding it in the clone.</summary>
    public GraphNode? Original { get; init; }
}
