using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>Calls a function of the program.</summary>
internal sealed unsafe class HostContent(delegate* unmanaged[Cdecl]<void*, void> function, void* userData) : NodeContent
{
    private readonly delegate* unmanaged[Cdecl]<void*, void> _function = function;
    private readonly void* _userData = userData;

    public override CUgraphNodeType Type => CUgraphNodeType.CU_GRAPH_NODE_TYPE_HOST;

    public override void Run(GraphLaunch launch, DriverContext context) => HostFunctionScope.Call(_function, _userData);

    public override void Describe(ref CUgraphNodeParams parameters)
    {
        parameters.host.fn = _function;
        parameters.host.userData = _userData;
    }
}
