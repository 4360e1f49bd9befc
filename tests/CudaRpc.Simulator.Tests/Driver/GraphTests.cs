using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Graphs that are built node by node, instantiated, launched, changed.</summary>
public sealed unsafe class GraphTests
{
    [Fact]
    public void Launch_OfEveryKindOfNode_RunsThemInOrder()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(16);
        var seen = new List<uint>();
        uint* host = stackalloc uint[1];
        CUgraph graph = Create(bench);
        CUgraphNode set = AddSet(bench, graph, memory, 5);
        CUgraphNode store = AddStore(bench, graph, memory + 4, 7, set);
        CUgraphNode copy = AddCopy(bench, graph, host, memory + 4, 4, store);
        CUgraphNode call = AddCall(bench, graph, () => seen.Add(*host), copy);
        CUgraphNode empty;
        Bench.Must(bench.Driver.cuGraphAddEmptyNode(&empty, graph, &call, 1));

        CUgraphExec instance = Instantiate(bench, graph);
        Bench.Must(bench.Driver.cuGraphLaunch(instance, bench.NewStream()));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Bench.Must(bench.Driver.cuCtxSynchronize());

        Assert.Equal([7u, 7u], seen);
        Assert.Equal((5u, 7u), (bench.Read<uint>(memory), bench.Read<uint>(memory + 4)));
    }

    [Fact]
    public void Getters_OfEveryKind_GiveWhatWasSet()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(16);
        byte* host = stackalloc byte[4];
        CUgraph graph = Create(bench);
        CUgraphNode store = AddStore(bench, graph, memory, 7);
        CUgraphNode copy = AddCopy(bench, graph, host, memory, 4);
        CUgraphNode set = AddSet(bench, graph, memory, 9);
        CUevent mark = bench.NewEvent();
        CUgraphNode record;
        Bench.Must(bench.Driver.cuGraphAddEventRecordNode(&record, graph, null, 0, mark));

        CUDA_KERNEL_NODE_PARAMS_v2 kernel;
        Bench.Must(bench.Driver.cuGraphKernelNodeGetParams_v2(store, &kernel));
        CUDA_MEMCPY3D_v2 copied;
        Bench.Must(bench.Driver.cuGraphMemcpyNodeGetParams(copy, &copied));
        CUDA_MEMSET_NODE_PARAMS_v1 filled;
        Bench.Must(bench.Driver.cuGraphMemsetNodeGetParams(set, &filled));
        CUevent recorded;
        Bench.Must(bench.Driver.cuGraphEventRecordNodeGetEvent(record, &recorded));

        Assert.Equal((memory.Value, 7u, 1u), (*(ulong*)kernel.kernelParams[0], *(uint*)kernel.kernelParams[1], kernel.gridDimX));
        Assert.Equal((memory, (nuint)4), (copied.srcDevice, copied.WidthInBytes));
        Assert.Equal((memory, 9u, 4u), (filled.dst, filled.value, filled.elementSize));
        Assert.Equal(mark, recorded);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphKernelNodeGetParams_v2(copy, &kernel));
    }

    [Fact]
    public void Structure_OfAGraph_IsWhatWasAdded()
    {
        using var bench = new Bench();
        CUgraph graph = Create(bench);
        CUgraphNode a = AddEmpty(bench, graph), b = AddEmpty(bench, graph, a), c = AddEmpty(bench, graph, a), d = AddEmpty(bench, graph, b, c);

        Assert.Equal([a, b, c, d], Nodes(bench, graph));
        nuint roots = 10;
        CUgraphNode* root = stackalloc CUgraphNode[10];
        Bench.Must(bench.Driver.cuGraphGetRootNodes(graph, root, &roots));
        Assert.Equal((a, (nuint)1, default), (root[0], roots, root[1]));
        nuint edges;
        Bench.Must(bench.Driver.cuGraphGetEdges_v2(graph, null, null, null, &edges));
        Assert.Equal((nuint)4, edges);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphAddDependencies(graph, &d, &a, 1)); // a circle
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphAddDependencies(graph, &a, &b, 1)); // there already
        Bench.Must(bench.Driver.cuGraphRemoveDependencies(graph, &a, &b, 1));
        Bench.Must(bench.Driver.cuGraphGetRootNodes(graph, null, &roots));
        Assert.Equal((nuint)2, roots);
        Bench.Must(bench.Driver.cuGraphDestroyNode(d));
        Assert.Equal([a, b, c], Nodes(bench, graph));
        CUgraphNodeType type;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphNodeGetType(d, &type));
    }

    [Fact]
    public void Clone_OfAGraph_HasNodesOfItsOwn()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        CUgraph graph = Create(bench);
        CUgraphNode store = AddStore(bench, graph, memory, 7);

        CUgraph clone;
        Bench.Must(bench.Driver.cuGraphClone(&clone, graph));
        CUgraphNode found;
        Bench.Must(bench.Driver.cuGraphNodeFindInClone(&found, store, clone));
        Assert.Equal([found], Nodes(bench, clone));
        Assert.NotEqual(store, found);
        Bench.Must(bench.Driver.cuGraphDestroy(graph));
        Bench.Must(bench.Driver.cuGraphLaunch(Instantiate(bench, clone), default));
        Assert.Equal(7u, bench.Read<uint>(memory));
    }

    [Fact]
    public void ExecSetParams_ChangeTheInstanceOnly()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        CUgraph graph = Create(bench);
        CUgraphNode store = AddStore(bench, graph, memory, 7);
        CUgraphExec instance = Instantiate(bench, graph);

        CUDA_KERNEL_NODE_PARAMS_v2 kernel;
        Bench.Must(bench.Driver.cuGraphKernelNodeGetParams_v2(store, &kernel));
        *(uint*)kernel.kernelParams[1] = 8; // The node's copy must not be what launches read.
        ulong address = memory.Value;
        uint value = 9;
        void** parameters = stackalloc void*[] { &address, &value };
        kernel.kernelParams = parameters;
        Bench.Must(bench.Driver.cuGraphExecKernelNodeSetParams_v2(instance, store, &kernel));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal(9u, bench.Read<uint>(memory));
        Bench.Must(bench.Driver.cuGraphLaunch(Instantiate(bench, graph), default));
        Assert.Equal(7u, bench.Read<uint>(memory));
    }

    [Fact]
    public void SetEnabled_OfANode_LeavesItOut()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        bench.Write(memory, 1u);
        CUgraph graph = Create(bench);
        CUgraphNode store = AddStore(bench, graph, memory, 7);
        CUgraphExec instance = Instantiate(bench, graph);
        uint enabled;

        Bench.Must(bench.Driver.cuGraphNodeSetEnabled(instance, store, 0));
        Bench.Must(bench.Driver.cuGraphNodeGetEnabled(instance, store, &enabled));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal((0u, 1u), (enabled, bench.Read<uint>(memory)));
        Bench.Must(bench.Driver.cuGraphNodeSetEnabled(instance, store, 1));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal(7u, bench.Read<uint>(memory));
    }

    [Fact]
    public void Update_FromAGraphOfTheSameShape_TakesItsParameters()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        CUgraph graph = Create(bench), other = Create(bench), different = Create(bench);
        AddStore(bench, graph, memory, 7);
        AddStore(bench, other, memory, 8);
        CUgraphNode first = AddStore(bench, different, memory, 9);
        AddStore(bench, different, memory, 9, first);
        CUgraphExec instance = Instantiate(bench, graph);
        CUgraphExecUpdateResultInfo_v1 info;

        Bench.Must(bench.Driver.cuGraphExecUpdate_v2(instance, other, &info));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal(8u, bench.Read<uint>(memory));
        Assert.Equal(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, bench.Driver.cuGraphExecUpdate_v2(instance, different, &info));
        Assert.Equal(CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, info.result);
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal(8u, bench.Read<uint>(memory));
    }

    [Fact]
    public void Child_InAGraph_RunsAndCanBeReplaced()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        CUgraph child = Create(bench), other = Create(bench), graph = Create(bench);
        AddStore(bench, child, memory, 7);
        AddStore(bench, other, memory, 8);
        CUgraphNode node;
        Bench.Must(bench.Driver.cuGraphAddChildGraphNode(&node, graph, null, 0, child));
        CUgraph inner;
        Bench.Must(bench.Driver.cuGraphChildGraphNodeGetGraph(node, &inner));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphDestroy(inner));
        Bench.Must(bench.Driver.cuGraphDestroy(child));
        CUgraphExec instance = Instantiate(bench, graph);

        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal(7u, bench.Read<uint>(memory));
        Bench.Must(bench.Driver.cuGraphExecChildGraphNodeSetParams(instance, node, other));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Assert.Equal(8u, bench.Read<uint>(memory));
    }

    [Fact]
    public void MemoryNodes_AllocateAtOneAddress_AndFreeAtTheEnd()
    {
        using var bench = new Bench();
        CUdeviceptr result = bench.Allocate(4);
        CUgraph graph = Create(bench);
        var parameters = new CUDA_MEM_ALLOC_NODE_PARAMS_v1 { bytesize = 4096 };
        parameters.poolProps.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        parameters.poolProps.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        CUgraphNode allocate, free;
        Bench.Must(bench.Driver.cuGraphAddMemAllocNode(&allocate, graph, null, 0, &parameters));
        CUgraphNode store = AddStore(bench, graph, parameters.dptr, 7, allocate);
        CUgraphNode copy = AddCopy(bench, graph, result, parameters.dptr, 4, store);
        Bench.Must(bench.Driver.cuGraphAddMemFreeNode(&free, graph, &copy, 1, parameters.dptr));
        CUgraphExec instance = Instantiate(bench, graph);

        for (int launch = 0; launch < 3; launch++)
        {
            Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        }
        Assert.Equal(7u, bench.Read<uint>(result));
        ulong used, reserved;
        Bench.Must(bench.Driver.cuDeviceGetGraphMemAttribute(0, CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT, &used));
        Bench.Must(bench.Driver.cuDeviceGetGraphMemAttribute(0, CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT, &reserved));
        Assert.Equal((0ul, 4096ul), (used, reserved));
        Bench.Must(bench.Driver.cuGraphExecDestroy(instance));
        Bench.Must(bench.Driver.cuGraphDestroy(graph));
        Bench.Must(bench.Driver.cuDeviceGetGraphMemAttribute(0, CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT, &reserved));
        Assert.Equal(0ul, reserved);
    }

    [Fact]
    public void MemoryThatIsNotFreed_RefusesTheNextLaunch_UnlessItIsFreedByIt()
    {
        using var bench = new Bench();
        CUgraph graph = Create(bench);
        var parameters = new CUDA_MEM_ALLOC_NODE_PARAMS_v1 { bytesize = 64 };
        parameters.poolProps.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        parameters.poolProps.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        CUgraphNode allocate;
        Bench.Must(bench.Driver.cuGraphAddMemAllocNode(&allocate, graph, null, 0, &parameters));
        CUgraphExec instance = Instantiate(bench, graph), freeing;
        Bench.Must(bench.Driver.cuGraphInstantiateWithFlags(&freeing, graph, 1));

        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Bench.Must(bench.Driver.cuCtxSynchronize());
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphLaunch(instance, default));
        bench.Write(parameters.dptr, 5u);
        Bench.Must(bench.Driver.cuMemFree_v2(parameters.dptr));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, default));
        Bench.Must(bench.Driver.cuGraphLaunch(freeing, default));
        Bench.Must(bench.Driver.cuGraphLaunch(freeing, default));
    }

    [Theory]
    [InlineData(CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF, 1u, 1u, 10u)]
    [InlineData(CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF, 1u, 0u, 0u)]
    [InlineData(CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF, 2u, 0u, 11u)]
    [InlineData(CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_SWITCH, 3u, 2u, 12u)]
    [InlineData(CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_SWITCH, 3u, 3u, 0u)]
    [InlineData(CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_WHILE, 1u, 0u, 0u)]
    public void Conditional_RunsTheBodyThatItsValueSays(CUgraphConditionalNodeType type, uint size, uint value, uint expected)
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        bench.Write(memory, 0u);
        CUgraph graph = Create(bench);
        ulong handle;
        Bench.Must(bench.Driver.cuGraphConditionalHandleCreate(&handle, graph, default, value, 1));
        var parameters = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_CONDITIONAL };
        parameters.conditional.handle = handle;
        parameters.conditional.type = type;
        parameters.conditional.size = size;
        CUgraphNode node;
        Bench.Must(bench.Driver.cuGraphAddNode_v2(&node, graph, null, null, 0, &parameters));
        for (uint body = 0; body < size; body++)
        {
            AddStore(bench, parameters.conditional.phGraph_out[body], memory, 10 + body);
        }

        Bench.Must(bench.Driver.cuGraphLaunch(Instantiate(bench, graph), default));

        Assert.Equal(expected, bench.Read<uint>(memory));
    }

    [Fact]
    public void Events_InGraphs_OrderWithStreams()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(8);
        CUstream first = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING), second = bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);
        CUevent before = bench.NewEvent(), after = bench.NewEvent();
        CUgraph graph = Create(bench);
        CUgraphNode wait, record;
        Bench.Must(bench.Driver.cuGraphAddEventWaitNode(&wait, graph, null, 0, before));
        CUgraphNode copy = AddCopy(bench, graph, memory + 4, memory, 4, wait);
        Bench.Must(bench.Driver.cuGraphAddEventRecordNode(&record, graph, &copy, 1, after));
        CUgraphExec instance = Instantiate(bench, graph);

        Gate gate = bench.Block(first);
        Bench.Must(bench.Driver.cuMemsetD32Async(memory, 6, 1, first));
        Bench.Must(bench.Driver.cuEventRecord(before, first));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, second));
        Assert.Equal(CUDA_ERROR_NOT_READY, bench.Driver.cuEventQuery(after));
        gate.Open();
        Bench.Must(bench.Driver.cuEventSynchronize(after));

        Assert.Equal(6u, bench.Read<uint>(memory + 4));
    }

    [Fact]
    public void BatchOfMemoryOperations_AsANode_AndCaptured_WritesItsWords()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(8);
        bench.Write(memory, 0ul);
        CUgraph graph = Create(bench), captured;
        var operation = new CUstreamBatchMemOpParams_v1();
        operation.writeValue.operation = CUstreamBatchMemOpType.CU_STREAM_MEM_OP_WRITE_VALUE_32;
        operation.writeValue.address = memory;
        operation.writeValue.value = 6;
        var batch = new CUDA_BATCH_MEM_OP_NODE_PARAMS_v1 { ctx = bench.Context, count = 1, paramArray = &operation };
        CUgraphNode node;
        Bench.Must(bench.Driver.cuGraphAddBatchMemOpNode(&node, graph, null, 0, &batch));
        CUstream stream = bench.NewStream();
        Bench.Must(bench.Driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        Bench.Must(bench.Driver.cuStreamWriteValue32_v2(stream, memory + 4, 7, 0));
        Bench.Must(bench.Driver.cuStreamEndCapture(stream, &captured));

        Bench.Must(bench.Driver.cuGraphLaunch(Instantiate(bench, graph), stream));
        Bench.Must(bench.Driver.cuGraphLaunch(Instantiate(bench, captured), stream));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));

        Assert.Equal((6u, 7u), (bench.Read<uint>(memory), bench.Read<uint>(memory + 4)));
        CUDA_BATCH_MEM_OP_NODE_PARAMS_v1 back;
        Bench.Must(bench.Driver.cuGraphBatchMemOpNodeGetParams(node, &back));
        Assert.Equal((1u, memory), (back.count, back.paramArray[0].writeValue.address));
    }

    [Fact]
    public void UserObject_OfAGraph_EndsWithItsLastHolder()
    {
        using var bench = new Bench();
        using var ended = new ManualResetEventSlim();
        CUuserObject held;
        Bench.Must(bench.Driver.cuUserObjectCreate(&held, HostCall.Data(ended.Set), HostCall.Function, 1, 1));
        CUgraph graph = Create(bench);
        AddEmpty(bench, graph);
        Bench.Must(bench.Driver.cuGraphRetainUserObject(graph, held, 1, 1));
        CUgraphExec instance = Instantiate(bench, graph);

        Bench.Must(bench.Driver.cuGraphDestroy(graph));
        Assert.False(ended.IsSet);
        Bench.Must(bench.Driver.cuGraphExecDestroy(instance));

        Assert.True(ended.Wait(TimeSpan.FromSeconds(20)));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuUserObjectRetain(held, 1));
    }

    [Fact]
    public void BadHandles_EveryFunction_AreInvalidValues()
    {
        using var bench = new Bench();
        CUgraph graph = Create(bench), noGraph = new(12345);
        CUgraphNode node = AddEmpty(bench, graph), noNode = new(12345), made;
        CUgraphExec instance = Instantiate(bench, graph), noInstance = new(12345);
        nuint count;
        uint enabled;

        Assert.All(
            new[]
            {
                bench.Driver.cuGraphDestroy(noGraph), bench.Driver.cuGraphDestroy(new CUgraph(node.Value)), bench.Driver.cuGraphDestroyNode(noNode),
                bench.Driver.cuGraphGetNodes(noGraph, null, &count), bench.Driver.cuGraphGetNodes(graph, null, null),
                bench.Driver.cuGraphAddEmptyNode(&made, noGraph, null, 0), bench.Driver.cuGraphAddEmptyNode(&made, graph, &noNode, 1),
                bench.Driver.cuGraphAddEmptyNode(&made, graph, null, 1), bench.Driver.cuGraphAddEmptyNode(null, graph, null, 0),
                bench.Driver.cuGraphAddKernelNode_v2(&made, graph, null, 0, null), bench.Driver.cuGraphLaunch(noInstance, default),
                bench.Driver.cuGraphExecDestroy(noInstance), bench.Driver.cuGraphNodeGetEnabled(instance, noNode, &enabled),
                bench.Driver.cuGraphCreate(null, 0), bench.Driver.cuGraphCreate(&graph, 1),
                bench.Driver.cuGraphInstantiateWithFlags(&instance, noGraph, 0), bench.Driver.cuGraphInstantiateWithFlags(&instance, graph, 1 << 10),
            },
            static result => Assert.Equal(CUDA_ERROR_INVALID_VALUE, result));
    }

    internal static CUgraph Create(Bench bench)
    {
        CUgraph graph;
        Bench.Must(bench.Driver.cuGraphCreate(&graph, 0));
        return graph;
    }

    internal static CUgraphExec Instantiate(Bench bench, CUgraph graph)
    {
        CUgraphExec instance;
        Bench.Must(bench.Driver.cuGraphInstantiateWithFlags(&instance, graph, 0));
        return instance;
    }

    internal static CUgraphNode[] Nodes(Bench bench, CUgraph graph)
    {
        nuint count;
        Bench.Must(bench.Driver.cuGraphGetNodes(graph, null, &count));
        var nodes = new CUgraphNode[count];
        fixed (CUgraphNode* start = nodes)
        {
            Bench.Must(bench.Driver.cuGraphGetNodes(graph, start, &count));
        }
        return nodes;
    }

    private static CUgraphNode AddEmpty(Bench bench, CUgraph graph, params CUgraphNode[] after)
    {
        CUgraphNode node;
        fixed (CUgraphNode* dependencies = after)
        {
            Bench.Must(bench.Driver.cuGraphAddEmptyNode(&node, graph, dependencies, (nuint)after.Length));
        }
        return node;
    }

    private static CUgraphNode AddStore(Bench bench, CUgraph graph, CUdeviceptr target, uint value, params CUgraphNode[] after)
    {
        ulong address = target.Value;
        void** parameters = stackalloc void*[] { &address, &value };
        var kernel = new CUDA_KERNEL_NODE_PARAMS_v2
        {
            func = bench.GetFunction("store"),
            gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1,
            kernelParams = parameters,
        };
        CUgraphNode node;
        fixed (CUgraphNode* dependencies = after)
        {
            Bench.Must(bench.Driver.cuGraphAddKernelNode_v2(&node, graph, dependencies, (nuint)after.Length, &kernel));
        }
        return node;
    }

    private static CUgraphNode AddSet(Bench bench, CUgraph graph, CUdeviceptr target, uint value)
    {
        var set = new CUDA_MEMSET_NODE_PARAMS_v1 { dst = target, value = value, elementSize = 4, width = 1, height = 1 };
        CUgraphNode node;
        Bench.Must(bench.Driver.cuGraphAddMemsetNode(&node, graph, null, 0, &set, default));
        return node;
    }

    private static CUgraphNode AddCopy(Bench bench, CUgraph graph, void* host, CUdeviceptr source, nuint bytes, params CUgraphNode[] after) =>
        AddCopy(bench, graph, new CUDA_MEMCPY3D_v2
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, srcDevice = source, dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, dstHost = host,
            WidthInBytes = bytes, Height = 1, Depth = 1,
        }, after);

    private static CUgraphNode AddCopy(Bench bench, CUgraph graph, CUdeviceptr target, CUdeviceptr source, nuint bytes, params CUgraphNode[] after) =>
        AddCopy(bench, graph, new CUDA_MEMCPY3D_v2
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, srcDevice = source, dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            dstDevice = target, WidthInBytes = bytes, Height = 1, Depth = 1,
        }, after);

    private static CUgraphNode AddCopy(Bench bench, CUgraph graph, CUDA_MEMCPY3D_v2 copy, CUgraphNode[] after)
    {
        CUgraphNode node;
        fixed (CUgraphNode* dependencies = after)
        {
            Bench.Must(bench.Driver.cuGraphAddMemcpyNode(&node, graph, dependencies, (nuint)after.Length, &copy, bench.Context));
        }
        return node;
    }

    private static CUgraphNode AddCall(Bench bench, CUgraph graph, Action action, CUgraphNode after)
    {
        var host = new CUDA_HOST_NODE_PARAMS_v1 { fn = HostCall.Repeated, userData = HostCall.Data(action) };
        CUgraphNode node;
        Bench.Must(bench.Driver.cuGraphAddHostNode(&node, graph, &after, 1, &host));
        return node;
    }
}
