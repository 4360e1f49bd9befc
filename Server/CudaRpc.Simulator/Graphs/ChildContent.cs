using System.Diagnostics;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>A graph inside a graph: a clone that belongs to the node.</summary>
internal sealed class ChildContent(DriverGraph graph) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_GRAPH;

    public DriverGraph Graph => graph;

    public override void Run(GraphLaunch launch, DriverContext context) => throw new UnreachableException("children run as part of their launch");

    public override void Describe(ref CUgraphNodeParams parameters) => parameters.graph.graph = new CUgraph(graph.Handle);

    public override NodeContent Clone(GraphCopy copy) => new ChildContent(copy.Clone(graph));
}
