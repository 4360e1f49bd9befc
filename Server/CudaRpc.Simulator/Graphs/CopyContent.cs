using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Copies memory. Host memory is read and written when the node runs.</summary>
/// <param name="copy">The parameters.</param>
/// <param name="work">The copy; it may run any number of times. Null where there is nothing to copy.</param>
/// <param name="context">The context that does it.</param>
internal sealed class CopyContent(CUDA_MEMCPY3D_v2 copy, StreamWork? work, DriverContext context) : NodeContent
{
    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMCPY;

    public override DriverContext Context => context;

    public override StreamWork? Work => work;

    public override void Run(GraphLaunch launch, DriverContext running) => work?.Run(running);

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        parameters.memcpy.copyCtx = new CUcontext(context.Handle);
        parameters.memcpy.copyParams = copy;
    }
}
