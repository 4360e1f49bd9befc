namespace CudaRpc.Simulator.Graphs;

/// <summary>A dependency: <paramref name="To"/> starts after <paramref name="From"/>.</summary>
internal readonly record struct GraphEdge(GraphNode From, GraphNode To, CUgraphEdgeData Data);
