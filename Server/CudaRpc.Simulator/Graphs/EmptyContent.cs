using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Does nothing but order others.</summary>
internal sealed class EmptyContent : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_EMPTY;

    public override void Run(GraphLaunch launch, DriverContext context)
    {
    }

    public override void Describe(ref CUgraphNodeParams parameters)
    {
    }
}
