using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Graphs over the wire: built, captured, changed and launched, with the program's memory and functions in them.</summary>
public sealed unsafe class GraphTests
{
    private const string Ptx = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .entry store(.param .u64 store_p, .param .u32 store_v)
        {
            .reg .b64 %rd<3>;
            .reg .b32 %r<2>;
            ld.param.u64 %rd1, [store_p];
            ld.param.u32 %r1, [store_v];
            cvta.to.global.u64 %rd2, %rd1;
            st.global.u32 [%rd2], %r1;
            ret;
        }
        .visible .entry add(.param .u64 add_p, .param .u32 add_v)
        {
            .reg .b64 %rd<3>;
            .reg .b32 %r<4>;
            ld.param.u64 %rd1, [add_p];
            ld.param.u32 %r1, [add_v];
            cvta.to.global.u64 %rd2, %rd1;
            ld.global.u32 %r2, [%rd2];
            add.u32 %r3, %r2, %r1;
            st.global.u32 [%rd2], %r3;
            ret;
        }
        """;

    [Fact]
    public void Graph_OfEveryKindOfNode_RunsInOrder()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(8, 0);
        uint[] host = [0];
        var seen = new List<uint>();
        fixed (uint* target = host)
        {
            uint* copied = target;
            using var look = new HostFunction(() => seen.Add(*copied));
            CUgraph graph = Create(driver);
            CUgraphNode set = AddSet(driver, graph, memory, 5);
            CUgraphNode store = AddKernel(stage, graph, "add", memory, 2, set);
            CUgraphNode copy = AddToHost(driver, graph, stage.Context, target, memory, store);
            var call = new CUDA_HOST_NODE_PARAMS_v1 { fn = HostFunction.Function, userData = look.Data };
            CUgraphNode node;
            Cuda.Ok(driver.cuGraphAddHostNode(&node, graph, &copy, 1, &call));
            CUgraphExec instance = Instantiate(driver, graph);

            Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
            Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
            Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));

            Assert.Equal([7u, 7u], seen);
            Assert.Equal(7u, host[0]);
            Assert.Equal([set, store, copy, node], Nodes(driver, graph));
            CUDA_HOST_NODE_PARAMS_v1 back;
            Cuda.Ok(driver.cuGraphHostNodeGetParams(node, &back));
            Assert.True(back.userData == look.Data && (nint)back.fn == (nint)HostFunction.Function);
            CUDA_MEMCPY3D_v2 copyBack;
            Cuda.Ok(driver.cuGraphMemcpyNodeGetParams(copy, &copyBack));
            Assert.True(copyBack.dstHost == target && copyBack.srcDevice == memory);
            CUDA_KERNEL_NODE_PARAMS_v2 kernel;
            Cuda.Ok(driver.cuGraphKernelNodeGetParams_v2(store, &kernel));
            Assert.Equal((memory.Value, 2u, 1u), (*(ulong*)kernel.kernelParams[0], *(uint*)kernel.kernelParams[1], kernel.gridDimX));
        }
    }

    [Fact]
    public void Capture_Replayed_TakesTheHostsDataOfEachLaunch()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        uint* source = (uint*)stage.HostMemory(4), target = (uint*)stage.HostMemory(4);
        CUstream stream = stage.Stream;
        Cuda.Ok(driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(memory, source, 4, stream));
        Launch(stage, "add", memory, 100);
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(target, memory, 4, stream));
        CUgraph graph;
        Cuda.Ok(driver.cuStreamEndCapture(stream, &graph));
        Assert.Equal([CU_GRAPH_NODE_TYPE_MEMCPY, CU_GRAPH_NODE_TYPE_KERNEL, CU_GRAPH_NODE_TYPE_MEMCPY], Types(driver, graph));
        CUgraphExec instance = Instantiate(driver, graph);
        Cuda.Ok(driver.cuGraphDestroy(graph));

        for (uint launch = 1; launch <= 200; launch++)
        {
            *source = launch;
            Cuda.Ok(driver.cuGraphLaunch(instance, stream));
            Cuda.Ok(driver.cuStreamSynchronize(stream));
            Assert.Equal(launch + 100, *target);
        }
    }

    [Fact]
    public void HostFunctions_InACapturedGraph_SeeAndChangeItsData()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        uint* shared = (uint*)stage.HostMemory(4);
        using var twice = new HostFunction(() => *shared *= 2);
        CUstream stream = stage.Stream;
        Cuda.Ok(driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(shared, memory, 4, stream));
        Cuda.Ok(driver.cuLaunchHostFunc(stream, HostFunction.Function, twice.Data));
        Cuda.Ok(driver.cuMemcpyHtoDAsync_v2(memory, shared, 4, stream));
        CUgraph graph;
        Cuda.Ok(driver.cuStreamEndCapture(stream, &graph));
        stage.Driver.Write(memory, BitConverter.GetBytes(3));
        CUgraphExec instance = Instantiate(driver, graph);
        for (int launch = 0; launch < 5; launch++)
        {
            Cuda.Ok(driver.cuGraphLaunch(instance, stream));
        }

        Cuda.Ok(driver.cuStreamSynchronize(stream));

        Assert.Equal(3u << 5, BitConverter.ToUInt32(stage.Driver.Read(memory, 4)));
        Assert.Equal(3u << 5, *shared);
    }

    [Fact]
    public void Fork_AndJoin_AcrossStreams_IsCapturedWithHostCopiesOnBoth()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUstream second = driver.CreateStream();
        CUevent fork = driver.CreateEvent(), join = driver.CreateEvent();
        CUdeviceptr memory = stage.DeviceMemory(8, 0);
        uint* host = (uint*)stage.HostMemory(8);
        Cuda.Ok(driver.cuStreamBeginCapture_v2(stage.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        Cuda.Ok(driver.cuEventRecord(fork, stage.Stream));
        Cuda.Ok(driver.cuStreamWaitEvent(second, fork, 0));
        Cuda.Ok(driver.cuMemsetD32Async(memory, 1, 1, stage.Stream));
        Cuda.Ok(driver.cuMemsetD32Async(memory + 4, 2, 1, second));
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host + 1, memory + 4, 4, second));
        Cuda.Ok(driver.cuEventRecord(join, second));
        Cuda.Ok(driver.cuStreamWaitEvent(stage.Stream, join, 0));
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, memory, 4, stage.Stream));
        CUgraph graph;
        Cuda.Ok(driver.cuStreamEndCapture(stage.Stream, &graph));
        Assert.Equal(0u, host[0] + host[1]);

        Cuda.Ok(driver.cuGraphLaunch(Instantiate(driver, graph), stage.Stream));
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal((1u, 2u), (host[0], host[1]));
        Cuda.Ok(driver.cuMemcpyDtoHAsync_v2(host, memory + 4, 4, second)); // no capture any more
        Cuda.Ok(driver.cuStreamSynchronize(second));
        Assert.Equal(2u, host[0]);
    }

    [Fact]
    public void Instance_ChangedAndUpdated_RunsTheNewParameters()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUgraph graph = Create(driver), other = Create(driver);
        CUgraphNode store = AddKernel(stage, graph, "store", memory, 7);
        AddKernel(stage, other, "store", memory, 9);
        CUgraphExec instance = Instantiate(driver, graph);
        CUDA_KERNEL_NODE_PARAMS_v2 kernel;
        Cuda.Ok(driver.cuGraphKernelNodeGetParams_v2(store, &kernel));
        *(uint*)kernel.kernelParams[1] = 8;

        Cuda.Ok(driver.cuGraphExecKernelNodeSetParams_v2(instance, store, &kernel));
        Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(8u, BitConverter.ToUInt32(stage.Driver.Read(memory, 4)));
        CUgraphExecUpdateResultInfo_v1 info;
        Cuda.Ok(driver.cuGraphExecUpdate_v2(instance, other, &info));
        Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));
        Assert.Equal(9u, BitConverter.ToUInt32(stage.Driver.Read(memory, 4)));
        CUgraphNode more = AddKernel(stage, other, "store", memory, 10);
        Assert.Equal(CUresult.CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, driver.cuGraphExecUpdate_v2(instance, other, &info));
        Assert.Equal(CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, info.result);
        uint enabled;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuGraphNodeGetEnabled(instance, more, &enabled));
    }

    [Fact]
    public void CloneAndChild_HaveNodesThatTheServerNames()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUgraph graph = Create(driver), clone, inner, outer = Create(driver);
        CUgraphNode store = AddKernel(stage, graph, "store", memory, 7), found, child;
        Cuda.Ok(driver.cuGraphClone(&clone, graph));
        Cuda.Ok(driver.cuGraphNodeFindInClone(&found, store, clone));
        Assert.Equal([found], Nodes(driver, clone));
        Cuda.Ok(driver.cuGraphAddChildGraphNode(&child, outer, null, 0, clone));
        Cuda.Ok(driver.cuGraphChildGraphNodeGetGraph(child, &inner));
        Assert.Equal([CU_GRAPH_NODE_TYPE_KERNEL], Types(driver, inner));
        Cuda.Ok(driver.cuGraphDestroy(clone));
        CUgraphNodeType type;
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuGraphNodeGetType(found, &type));

        Cuda.Ok(driver.cuGraphLaunch(Instantiate(driver, outer), stage.Stream));
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(7u, BitConverter.ToUInt32(stage.Driver.Read(memory, 4)));
        nuint edges = 5;
        Cuda.Ok(driver.cuGraphGetEdges(outer, null, null, &edges));
        Assert.Equal((nuint)0, edges);
    }

    [Fact]
    public void MemoryNodes_AndConditionals_WorkOverTheWire()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr result = stage.DeviceMemory(4, 0);
        CUgraph graph = Create(driver);
        var allocation = new CUDA_MEM_ALLOC_NODE_PARAMS_v1 { bytesize = 64 };
        allocation.poolProps.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        allocation.poolProps.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        CUgraphNode allocate, free, node;
        Cuda.Ok(driver.cuGraphAddMemAllocNode(&allocate, graph, null, 0, &allocation));
        CUgraphNode store = AddKernel(stage, graph, "store", allocation.dptr, 3, allocate);
        Cuda.Ok(driver.cuGraphAddMemFreeNode(&free, graph, &store, 1, allocation.dptr));
        ulong handle;
        Cuda.Ok(driver.cuGraphConditionalHandleCreate(&handle, graph, default, 1, 1));
        var conditional = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_CONDITIONAL };
        conditional.conditional.handle = handle;
        conditional.conditional.type = CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF;
        conditional.conditional.size = 1;
        Cuda.Ok(driver.cuGraphAddNode_v2(&node, graph, &free, null, 1, &conditional));
        AddKernel(stage, conditional.conditional.phGraph_out[0], "store", result, 4);
        CUgraphExec instance = Instantiate(driver, graph);

        Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(driver.cuStreamSynchronize(stage.Stream));

        Assert.Equal(4u, BitConverter.ToUInt32(stage.Driver.Read(result, 4)));
        CUdeviceptr freed;
        Cuda.Ok(driver.cuGraphMemFreeNodeGetParams(free, &freed));
        Assert.Equal(allocation.dptr, freed);
    }

    [Fact]
    public void CaptureInfo_GivesGraphAndEnds()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        Cuda.Ok(driver.cuStreamBeginCapture_v2(stage.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        Cuda.Ok(driver.cuMemsetD32Async(memory, 1, 1, stage.Stream));
        CUstreamCaptureStatus status;
        CUgraph graph, ended;
        CUgraphNode* ends;
        nuint count;
        ulong id;
        Cuda.Ok(driver.cuStreamGetCaptureInfo_v2(stage.Stream, &status, &id, &graph, &ends, &count));
        Assert.Equal((CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE, (nuint)1), (status, count));
        Assert.Equal(Nodes(driver, graph)[0], ends[0]);
        Cuda.Ok(driver.cuStreamEndCapture(stage.Stream, &ended));
        Assert.Equal(graph, ended);
        Cuda.Ok(driver.cuStreamIsCapturing(stage.Stream, &status));
        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE, status);
    }

    [Fact]
    public void UserObject_EndsOnTheClient()
    {
        using var stage = new Stage();
        using var ended = new ManualResetEventSlim();
        using var end = new HostFunction(ended.Set);
        CUuserObject held;
        Cuda.Ok(stage.Driver.cuUserObjectCreate(&held, end.Data, HostFunction.Function, 1, 1));
        CUgraph graph = Create(stage.Driver);
        Cuda.Ok(stage.Driver.cuGraphRetainUserObject(graph, held, 1, 1));
        Cuda.Ok(stage.Driver.cuGraphDestroy(graph));

        Assert.True(ended.Wait(Condition.Deadline));
    }

    [Fact]
    public void BadHandles_AreRefusedAtOnce()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUgraph graph = Create(driver), none = new(0x1230e);
        CUgraphNode node;
        nuint count;
        Assert.All(
            new[]
            {
                driver.cuGraphGetNodes(none, null, &count), driver.cuGraphGetNodes(graph, null, null), driver.cuGraphLaunch(default, default) == 0 ? 0 : CUresult.CUDA_ERROR_INVALID_VALUE,
                driver.cuGraphAddEmptyNode(&node, none, null, 0), driver.cuGraphAddEmptyNode(&node, graph, null, 1), driver.cuGraphDestroyNode(default),
                driver.cuGraphAddHostNode(&node, graph, null, 0, null), driver.cuGraphCreate(null, 0), driver.cuGraphInstantiateWithFlags(null, graph, 0),
            },
            static result => Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, result));
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    private static CUgraph Create(CudaDriver driver)
    {
        CUgraph graph;
        Cuda.Ok(driver.cuGraphCreate(&graph, 0));
        return graph;
    }

    private static CUgraphExec Instantiate(CudaDriver driver, CUgraph graph)
    {
        CUgraphExec instance;
        Cuda.Ok(driver.cuGraphInstantiateWithFlags(&instance, graph, 0));
        return instance;
    }

    private static CUgraphNode[] Nodes(CudaDriver driver, CUgraph graph)
    {
        nuint count;
        Cuda.Ok(driver.cuGraphGetNodes(graph, null, &count));
        var nodes = new CUgraphNode[count];
        fixed (CUgraphNode* start = nodes)
        {
            Cuda.Ok(driver.cuGraphGetNodes(graph, start, &count));
        }

        return nodes;
    }

    private static CUgraphNodeType[] Types(CudaDriver driver, CUgraph graph) =>
        [.. Nodes(driver, graph).Select(node =>
        {
            CUgraphNodeType type;
            Cuda.Ok(driver.cuGraphNodeGetType(node, &type));
            return type;
        })];

    private static void Launch(Stage stage, string kernel, CUdeviceptr target, uint value)
    {
        CUfunction function = stage.Driver.Function(stage.Driver.Load(Ptx), kernel);
        ulong address = target.Value;
        void** parameters = stackalloc void*[] { &address, &value };
        Cuda.Ok(stage.Driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stage.Stream, parameters, null));
    }

    private static CUgraphNode AddKernel(Stage stage, CUgraph graph, string kernel, CUdeviceptr target, uint value, params CUgraphNode[] after)
    {
        ulong address = target.Value;
        void** values = stackalloc void*[] { &address, &value };
        var parameters = new CUDA_KERNEL_NODE_PARAMS_v2
        {
            func = stage.Driver.Function(stage.Driver.Load(Ptx), kernel),
            gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1,
            kernelParams = values,
        };
        CUgraphNode node;
        fixed (CUgraphNode* dependencies = after)
        {
            Cuda.Ok(stage.Driver.cuGraphAddKernelNode_v2(&node, graph, dependencies, (nuint)after.Length, &parameters));
        }

        return node;
    }

    private static CUgraphNode AddSet(CudaDriver driver, CUgraph graph, CUdeviceptr target, uint value)
    {
        var set = new CUDA_MEMSET_NODE_PARAMS_v1 { dst = target, value = value, elementSize = 4, width = 1, height = 1 };
        CUgraphNode node;
        Cuda.Ok(driver.cuGraphAddMemsetNode(&node, graph, null, 0, &set, default));
        return node;
    }

    private static CUgraphNode AddToHost(CudaDriver driver, CUgraph graph, CUcontext context, void* target, CUdeviceptr source, CUgraphNode after)
    {
        var copy = new CUDA_MEMCPY3D_v2
        {
            srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
            srcDevice = source,
            dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
            dstHost = target,
            WidthInBytes = 4,
            Height = 1,
            Depth = 1,
        };
        CUgraphNode node;
        Cuda.Ok(driver.cuGraphAddMemcpyNode(&node, graph, &after, 1, &copy, context));
        return node;
    }
}
