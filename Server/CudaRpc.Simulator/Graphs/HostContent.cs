using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Calls a function of the program.</summary>
internal sealed unsafe class HostContent(delegate* unmanaged[Cdecl]<void*, void> function, void* userData) : NodeContent
{
    private readonly delegate* unmanaged[Cdecl]<void*, void> _function = function;
    private readonly void* _userData = userData;

    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_HOST;

    public override void Run(GraphLaunch launch, DriverContext context) => HostFunctionScope.Call(_function, _userData);

    public override long RunTimed(GraphLaunch launch, DriverContext context, DeviceTiming timing, WorkStart start)
    {
        timing.Clock.WaitUntil(start.Ready, context.Cancelled);
        if (context.MayRun(launch))
        {
            Run(launch, context);
        }
        return Math.Max(start.Ready, timing.Clock.Now);
    }

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        parameters.host.fn = _function;
        parameters.host.userData = _userData;
    }
}
