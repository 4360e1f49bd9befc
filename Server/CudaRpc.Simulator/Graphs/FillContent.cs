using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Sets memory.</summary>
/// <param name="fill">The parameters, without the context.</param>
/// <param name="work">The set; it may run any number of times. Null where there is nothing to set.</param>
/// <param name="context">The context that does it.</param>
internal sealed class FillContent(CUDA_MEMSET_NODE_PARAMS_v2 fill, StreamWork? work, DriverContext context) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMSET;

    public override DriverContext Context => context;

    public override StreamWork? Work => work;

    public override void Run(GraphLaunch launch, DriverContext running) => work?.Run(running);

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        parameters.memset = fill;
        parameters.memset.ctx = new CUcontext(context.Handle);
    }
}
