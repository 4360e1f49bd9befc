using CudaRpc.Driver;
using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>Parameters of nodes over the wire, set in a graph and in what was instantiated from it, in every form that CUDA has for that.</summary>
public sealed unsafe class GraphParameterTests
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
        """;

    [Fact]
    public void Kernel_InBothForms_TakesWhatIsSet()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUfunction store = driver.Function(driver.Load(Ptx), "store");
        CUgraph graph = Create(driver);
        ulong address = memory.Value;
        uint value = 1;
        void** values = stackalloc void*[] { &address, &value };
        var old = new CUDA_KERNEL_NODE_PARAMS_v1
        {
            func = store, gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1, kernelParams = values,
        };
        CUgraphNode node;
        Cuda.Ok(driver.cuGraphAddKernelNode(&node, graph, null, 0, &old));
        Assert.Equal(1u, RunOnce(stage, graph, memory));

        value = 2;
        Cuda.Ok(driver.cuGraphKernelNodeSetParams(node, &old));
        Assert.Equal(2u, RunOnce(stage, graph, memory));
        CUDA_KERNEL_NODE_PARAMS_v1 read;
        Cuda.Ok(driver.cuGraphKernelNodeGetParams(node, &read));
        Assert.Equal((store, 2u), (read.func, *(uint*)read.kernelParams[1]));
        var current = new CUDA_KERNEL_NODE_PARAMS_v2
        {
            func = store, gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1, kernelParams = values,
        };
        value = 3;
        Cuda.Ok(driver.cuGraphKernelNodeSetParams_v2(node, &current));
        Assert.Equal(3u, RunOnce(stage, graph, memory));

        CUgraphExec instance = Instantiate(driver, graph);
        value = 4;
        Cuda.Ok(driver.cuGraphExecKernelNodeSetParams(instance, node, &old));
        Assert.Equal(4u, Run(stage, instance, memory));
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = *(CUDA_KERNEL_NODE_PARAMS_v3*)&current;
        value = 5;
        Cuda.Ok(driver.cuGraphExecNodeSetParams(instance, node, &any));
        Assert.Equal(5u, Run(stage, instance, memory));
        value = 6;
        Cuda.Ok(driver.cuGraphNodeSetParams(node, &any));
        Assert.Equal(6u, RunOnce(stage, graph, memory));
        CUgraphNode second;
        value = 7;
        Cuda.Ok(driver.cuGraphAddNode(&second, graph, &node, 1, &any));
        Assert.Equal(7u, RunOnce(stage, graph, memory));
    }

    [Fact]
    public void CopyAndSet_TakeWhatIsSet()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUgraph sets = Create(driver), copies = Create(driver);
        var set = new CUDA_MEMSET_NODE_PARAMS_v1 { dst = memory, value = 1, elementSize = 4, width = 1, height = 1 };
        CUgraphNode setting, copying;
        Cuda.Ok(driver.cuGraphAddMemsetNode(&setting, sets, null, 0, &set, stage.Context));
        set.value = 2;
        Cuda.Ok(driver.cuGraphMemsetNodeSetParams(setting, &set));
        Assert.Equal(2u, RunOnce(stage, sets, memory));
        CUDA_MEMSET_NODE_PARAMS_v1 read;
        Cuda.Ok(driver.cuGraphMemsetNodeGetParams(setting, &read));
        Assert.Equal(2u, read.value);
        CUgraphExec instance = Instantiate(driver, sets);
        set.value = 3;
        Cuda.Ok(driver.cuGraphExecMemsetNodeSetParams(instance, setting, &set, stage.Context));
        Assert.Equal(3u, Run(stage, instance, memory));

        uint first = 10, second = 20, third = 30;
        CUDA_MEMCPY3D_v2 copy = FromHost(&first, memory);
        Cuda.Ok(driver.cuGraphAddMemcpyNode(&copying, copies, null, 0, &copy, stage.Context));
        Assert.Equal(10u, RunOnce(stage, copies, memory));
        copy = FromHost(&second, memory);
        Cuda.Ok(driver.cuGraphMemcpyNodeSetParams(copying, &copy));
        Assert.Equal(20u, RunOnce(stage, copies, memory));
        instance = Instantiate(driver, copies);
        copy = FromHost(&third, memory);
        Cuda.Ok(driver.cuGraphExecMemcpyNodeSetParams(instance, copying, &copy, stage.Context));
        Assert.Equal(30u, Run(stage, instance, memory));
    }

    [Fact]
    public void FunctionsAndEvents_TakeWhatIsSet()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        var seen = new List<int>();
        using HostFunction one = new(() => seen.Add(1)), two = new(() => seen.Add(2)), three = new(() => seen.Add(3));
        CUgraph graph = Create(driver);
        var host = new CUDA_HOST_NODE_PARAMS_v1 { fn = HostFunction.Function, userData = one.Data };
        CUgraphNode call, record, wait;
        Cuda.Ok(driver.cuGraphAddHostNode(&call, graph, null, 0, &host));
        CUevent mark = driver.CreateEvent(), other = driver.CreateEvent(), read;
        Cuda.Ok(driver.cuGraphAddEventRecordNode(&record, graph, null, 0, mark));
        Cuda.Ok(driver.cuGraphAddEventWaitNode(&wait, graph, null, 0, mark));
        host.userData = two.Data;
        Cuda.Ok(driver.cuGraphHostNodeSetParams(call, &host));
        Cuda.Ok(driver.cuGraphEventRecordNodeSetEvent(record, other));
        Cuda.Ok(driver.cuGraphEventWaitNodeSetEvent(wait, other));
        Cuda.Ok(driver.cuGraphEventWaitNodeGetEvent(wait, &read));
        Assert.Equal(other, read);
        CUgraphExec instance = Instantiate(driver, graph);
        Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
        host.userData = three.Data;
        Cuda.Ok(driver.cuGraphExecHostNodeSetParams(instance, call, &host));
        Cuda.Ok(driver.cuGraphExecEventRecordNodeSetEvent(instance, record, mark));
        Cuda.Ok(driver.cuGraphExecEventWaitNodeSetEvent(instance, wait, mark));
        Cuda.Ok(driver.cuGraphUpload(instance, stage.Stream));
        Cuda.Ok(driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(driver.cuEventSynchronize(mark));

        Assert.Equal([2, 3], seen);
    }

    [Fact]
    public void BatchOfMemoryOperations_TakesWhatIsSet()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUgraph graph = Create(driver);
        var write = new CUstreamBatchMemOpParams_v1();
        write.writeValue.operation = CUstreamBatchMemOpType.CU_STREAM_MEM_OP_WRITE_VALUE_32;
        write.writeValue.address = memory;
        write.writeValue.value = 1;
        var batch = new CUDA_BATCH_MEM_OP_NODE_PARAMS_v1 { ctx = stage.Context, count = 1, paramArray = &write };
        CUgraphNode node;
        Cuda.Ok(driver.cuGraphAddBatchMemOpNode(&node, graph, null, 0, &batch));
        Assert.Equal(1u, RunOnce(stage, graph, memory));
        write.writeValue.value = 2;
        Cuda.Ok(driver.cuGraphBatchMemOpNodeSetParams(node, &batch));
        Assert.Equal(2u, RunOnce(stage, graph, memory));
        CUDA_BATCH_MEM_OP_NODE_PARAMS_v1 read;
        Cuda.Ok(driver.cuGraphBatchMemOpNodeGetParams(node, &read));
        Assert.Equal((1u, 2u), (read.count, read.paramArray[0].writeValue.value));
        CUgraphExec instance = Instantiate(driver, graph);
        write.writeValue.value = 3;
        Cuda.Ok(driver.cuGraphExecBatchMemOpNodeSetParams(instance, node, &batch));
        Assert.Equal(3u, Run(stage, instance, memory));
    }

    [Fact]
    public void KernelAttributes_AreKeptAndCopied()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUgraph graph = Create(driver);
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUgraphNode first = AddStore(stage, graph, memory), second = AddStore(stage, graph, memory);
        CUlaunchAttributeValue value = default, read;
        value.priority = -1;
        Cuda.Ok(driver.cuGraphKernelNodeSetAttribute(first, CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PRIORITY, &value));
        Cuda.Ok(driver.cuGraphKernelNodeCopyAttributes(second, first));
        Cuda.Ok(driver.cuGraphKernelNodeGetAttribute(second, CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PRIORITY, &read));
        Assert.Equal(-1, read.priority);
        Assert.Equal(
            CUresult.CUDA_ERROR_INVALID_VALUE,
            driver.cuGraphKernelNodeSetAttribute(first, CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT, &value));
    }

    [Fact]
    public void Edges_InBothForms_AreAddedAndRemoved()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUgraph graph = Create(driver);
        CUgraphNode a, b, found;
        Cuda.Ok(driver.cuGraphAddEmptyNode(&a, graph, null, 0));
        Cuda.Ok(driver.cuGraphAddEmptyNode(&b, graph, null, 0));
        Cuda.Ok(driver.cuGraphAddDependencies_v2(graph, &a, &b, null, 1));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuGraphAddDependencies(graph, &b, &a, 1));
        nuint count = 1;
        Cuda.Ok(driver.cuGraphNodeGetDependentNodes(a, &found, &count));
        Assert.Equal((b, (nuint)1), (found, count));
        CUgraphEdgeData data;
        Cuda.Ok(driver.cuGraphNodeGetDependentNodes_v2(a, &found, &data, &count));
        Assert.Equal(b, found);
        Cuda.Ok(driver.cuGraphRemoveDependencies_v2(graph, &a, &b, null, 1));
        Cuda.Ok(driver.cuGraphNodeGetDependencies(b, null, &count));
        Assert.Equal((nuint)0, count);
    }

    [Fact]
    public void Instances_InEveryForm_AreMadeAndUpdated()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(4, 0);
        CUgraph graph = Create(driver);
        AddStore(stage, graph, memory);
        CUgraphExec first, second, third;
        CUgraphNode error;
        byte* log = stackalloc byte[16];
        Cuda.Ok(driver.cuGraphInstantiate(&first, graph, &error, log, 16));
        Cuda.Ok(driver.cuGraphInstantiate_v2(&second, graph, &error, log, 16));
        var parameters = new CUDA_GRAPH_INSTANTIATE_PARAMS { flags = 1 };
        Cuda.Ok(driver.cuGraphInstantiateWithParams(&third, graph, &parameters));
        Assert.Equal(CUgraphInstantiateResult.CUDA_GRAPH_INSTANTIATE_SUCCESS, parameters.result_out);
        ulong flags;
        Cuda.Ok(driver.cuGraphExecGetFlags(third, &flags));
        Assert.Equal(1ul, flags);
        Assert.All(new[] { first, second, third }, instance => Assert.Equal(42u, Run(stage, instance, memory)));
        CUgraphExecUpdateResult result;
        Cuda.Ok(driver.cuGraphExecUpdate(first, graph, &error, &result));
        Assert.Equal(CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS, result);
    }

    [Fact]
    public void GraphMemory_IsCountedAndTrimmed()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUgraph graph = Create(driver);
        var allocation = new CUDA_MEM_ALLOC_NODE_PARAMS_v1 { bytesize = 4096 };
        allocation.poolProps.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        allocation.poolProps.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        CUgraphNode node;
        Cuda.Ok(driver.cuGraphAddMemAllocNode(&node, graph, null, 0, &allocation));
        CUDA_MEM_ALLOC_NODE_PARAMS_v1 read;
        Cuda.Ok(driver.cuGraphMemAllocNodeGetParams(node, &read));
        Assert.Equal((allocation.dptr, (nuint)4096), (read.dptr, read.bytesize));
        ulong reserved, zero = 0;
        Cuda.Ok(driver.cuDeviceGetGraphMemAttribute(0, CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT, &reserved));
        Assert.Equal(4096ul, reserved);
        Cuda.Ok(driver.cuGraphDestroy(graph));
        Cuda.Ok(driver.cuDeviceGraphMemTrim(0));
        Cuda.Ok(driver.cuDeviceSetGraphMemAttribute(0, CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH, &zero));
        Cuda.Ok(driver.cuDeviceGetGraphMemAttribute(0, CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH, &reserved));
        Assert.Equal(0ul, reserved);
    }

    [Fact]
    public void UserObject_RetainedAndReleased_EndsOnce()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        using var ended = new CountdownEvent(1);
        using var end = new HostFunction(() => ended.Signal());
        CUuserObject held;
        Cuda.Ok(driver.cuUserObjectCreate(&held, end.Data, HostFunction.Function, 1, 1));
        CUgraph graph = Create(driver);
        Cuda.Ok(driver.cuUserObjectRetain(held, 2));
        Cuda.Ok(driver.cuGraphRetainUserObject(graph, held, 1, 0));
        Cuda.Ok(driver.cuGraphReleaseUserObject(graph, held, 1));
        Cuda.Ok(driver.cuUserObjectRelease(held, 2));
        Cuda.Ok(driver.cuCtxSynchronize());
        Assert.False(ended.IsSet);

        Cuda.Ok(driver.cuUserObjectRelease(held, 1));

        Assert.True(ended.Wait(Condition.Deadline));
    }

    [Fact]
    public void DotPrint_WritesTheProgramsFile()
    {
        using var stage = new Stage();
        CUgraph graph = Create(stage.Driver);
        AddStore(stage, graph, stage.DeviceMemory(4, 0));
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.dot");
        fixed (byte* path = Cuda.Text(file), nowhere = Cuda.Text("/nonexistent/graph.dot"))
        {
            Cuda.Ok(stage.Driver.cuGraphDebugDotPrint(graph, path, 0));
            Assert.Equal(CUresult.CUDA_ERROR_OPERATING_SYSTEM, stage.Driver.cuGraphDebugDotPrint(graph, nowhere, 0));
        }

        Assert.Contains("store", File.ReadAllText(file));
        File.Delete(file);
    }

    [Fact]
    public void Capture_BeganInTheOldWay_OrToAGraph_AndChanged_IsWhatWasDone()
    {
        using var stage = new Stage();
        CudaDriver driver = stage.Driver;
        CUdeviceptr memory = stage.DeviceMemory(8, 0);
        Cuda.Ok(driver.cuStreamBeginCapture(stage.Stream));
        CUstreamCaptureStatus status;
        ulong id;
        Cuda.Ok(driver.cuStreamGetCaptureInfo(stage.Stream, &status, &id));
        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE, status);
        Cuda.Ok(driver.cuMemsetD32Async(memory, 1, 1, stage.Stream));
        Cuda.Ok(driver.cuStreamUpdateCaptureDependencies(stage.Stream, null, 0, 1));
        Cuda.Ok(driver.cuMemsetD32Async(memory + 4, 2, 1, stage.Stream));
        CUgraph graph, same;
        Cuda.Ok(driver.cuStreamEndCapture(stage.Stream, &graph));
        nuint roots;
        Cuda.Ok(driver.cuGraphGetRootNodes(graph, null, &roots));
        Assert.Equal((nuint)2, roots);

        Cuda.Ok(driver.cuStreamBeginCaptureToGraph(
            stage.Stream, graph, null, null, 0, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
        CUgraphNode* ends;
        nuint count;
        Cuda.Ok(driver.cuStreamGetCaptureInfo_v3(stage.Stream, &status, null, &same, &ends, null, &count));
        Assert.Equal((graph, (nuint)0), (same, count));
        Cuda.Ok(driver.cuStreamUpdateCaptureDependencies_v2(stage.Stream, null, null, 0, 0));
        Cuda.Ok(driver.cuMemsetD32Async(memory, 3, 1, stage.Stream));
        Cuda.Ok(driver.cuStreamEndCapture(stage.Stream, &same));
        Cuda.Ok(driver.cuGraphGetNodes(graph, null, &count));
        Assert.Equal((nuint)3, count);
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

    private static uint Run(Stage stage, CUgraphExec instance, CUdeviceptr memory)
    {
        Cuda.Ok(stage.Driver.cuGraphLaunch(instance, stage.Stream));
        Cuda.Ok(stage.Driver.cuStreamSynchronize(stage.Stream));
        return BitConverter.ToUInt32(stage.Driver.Read(memory, 4));
    }

    private static uint RunOnce(Stage stage, CUgraph graph, CUdeviceptr memory)
    {
        CUgraphExec instance = Instantiate(stage.Driver, graph);
        uint result = Run(stage, instance, memory);
        Cuda.Ok(stage.Driver.cuGraphExecDestroy(instance));
        return result;
    }

    private static CUgraphNode AddStore(Stage stage, CUgraph graph, CUdeviceptr memory)
    {
        ulong address = memory.Value;
        uint value = 42;
        void** values = stackalloc void*[] { &address, &value };
        var parameters = new CUDA_KERNEL_NODE_PARAMS_v2
        {
            func = stage.Driver.Function(stage.Driver.Load(Ptx), "store"),
            gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1,
            kernelParams = values,
        };
        CUgraphNode node;
        Cuda.Ok(stage.Driver.cuGraphAddKernelNode_v2(&node, graph, null, 0, &parameters));
        return node;
    }

    private static CUDA_MEMCPY3D_v2 FromHost(void* source, CUdeviceptr target) => new()
    {
        srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST,
        srcHost = source,
        dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
        dstDevice = target,
        WidthInBytes = 4,
        Height = 1,
        Depth = 1,
    };
}
