using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>What graphs say of their nodes and edges, and nodes that are switched off, through a server.</summary>
public sealed unsafe class GraphQueryTests : IDisposable
{
    private readonly SimulatedServer _server = new();
    private readonly CUgraph _graph;

    public GraphQueryTests()
    {
        CUgraph graph;
        Cuda.Ok(Driver.cuGraphCreate(&graph, 0));
        _graph = graph;
    }

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Edges_WithTheirData_AreListedFromEverySide()
    {
        CUgraphNode a, b, from, to;
        CUgraphEdgeData data;
        nuint count = 1;
        Cuda.Ok(Driver.cuGraphAddEmptyNode(&a, _graph, null, 0));
        Cuda.Ok(Driver.cuGraphAddEmptyNode(&b, _graph, &a, 1));

        Cuda.Ok(Driver.cuGraphGetEdges_v2(_graph, &from, &to, &data, &count));
        Assert.Equal((a, b, (nuint)1), (from, to, count));
        Cuda.Ok(Driver.cuGraphNodeGetDependencies_v2(b, &from, &data, &count));
        Assert.Equal((a, (nuint)1), (from, count));
        Assert.Equal(0, data.type);

        Cuda.Ok(Driver.cuGraphRemoveDependencies(_graph, &a, &b, 1));
        Cuda.Ok(Driver.cuGraphGetEdges_v2(_graph, null, null, null, &count));
        Assert.Equal((nuint)0, count);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuGraphRemoveDependencies(_graph, &a, &b, 1));
    }

    [Fact]
    public void Node_ThatIsSwitchedOff_DoesNothing()
    {
        CUdeviceptr memory = Driver.Allocate(4);
        CUDA_MEMSET_NODE_PARAMS_v1 set = new() { dst = memory, value = 7, elementSize = 4, width = 1, height = 1 };
        CUgraphNode node;
        CUgraphExec instance;
        uint enabled;
        Cuda.Ok(Driver.cuMemsetD8_v2(memory, 0, 4));
        Cuda.Ok(Driver.cuGraphAddMemsetNode(&node, _graph, null, 0, &set, _server.Context));
        Cuda.Ok(Driver.cuGraphInstantiateWithFlags(&instance, _graph, 0));

        Cuda.Ok(Driver.cuGraphNodeSetEnabled(instance, node, 0));
        Cuda.Ok(Driver.cuGraphNodeGetEnabled(instance, node, &enabled));
        Assert.Equal(0u, enabled);
        Cuda.Ok(Driver.cuGraphLaunch(instance, default));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal([0, 0, 0, 0], Driver.Read(memory, 4));

        Cuda.Ok(Driver.cuGraphNodeSetEnabled(instance, node, 1));
        Cuda.Ok(Driver.cuGraphLaunch(instance, default));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal([7, 0, 0, 0], Driver.Read(memory, 4));
    }

    [Fact]
    public void Node_OfAnEvent_SaysWhich()
    {
        CUevent mark = Driver.CreateEvent(), found;
        CUgraphNode node;
        Cuda.Ok(Driver.cuGraphAddEventRecordNode(&node, _graph, null, 0, mark));

        Cuda.Ok(Driver.cuGraphEventRecordNodeGetEvent(node, &found));

        Assert.Equal(mark, found);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuGraphEventWaitNodeGetEvent(node, &found));
    }

    [Fact]
    public void ChildOfAnInstance_TakesWhatIsSet()
    {
        CUdeviceptr memory = Driver.Allocate(4);
        CUgraph first = Setting(memory, 1), second = Setting(memory, 2);
        CUgraphNode node;
        CUgraphExec instance;
        Cuda.Ok(Driver.cuGraphAddChildGraphNode(&node, _graph, null, 0, first));
        Cuda.Ok(Driver.cuGraphInstantiateWithFlags(&instance, _graph, 0));

        Cuda.Ok(Driver.cuGraphExecChildGraphNodeSetParams(instance, node, second));

        Cuda.Ok(Driver.cuGraphLaunch(instance, default));
        Cuda.Ok(Driver.cuCtxSynchronize());
        Assert.Equal([2, 0, 0, 0], Driver.Read(memory, 4));
    }

    private CUgraph Setting(CUdeviceptr memory, uint value)
    {
        CUgraph graph;
        CUgraphNode node;
        CUDA_MEMSET_NODE_PARAMS_v1 set = new() { dst = memory, value = value, elementSize = 4, width = 1, height = 1 };
        Cuda.Ok(Driver.cuGraphCreate(&graph, 0));
        Cuda.Ok(Driver.cuGraphAddMemsetNode(&node, graph, null, 0, &set, _server.Context));
        return graph;
    }
}
