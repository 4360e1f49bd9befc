using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>A graph with a node of every type, and what is instantiated from it.</summary>
internal sealed unsafe class GoodGraph
{
    private readonly Dictionary<string, CUgraphNode> _nodes = [];

    private GoodGraph(BadCallSession at)
    {
        RemoteDriver driver = at.Driver;
        CUgraph graph, child;
        CUgraphNode node;
        Cuda.Ok(driver.cuGraphCreate(&graph, 0));
        Cuda.Ok(driver.cuGraphCreate(&child, 0));
        Graph = graph;
        Child = child;
        Cuda.Ok(driver.cuGraphAddEmptyNode(&node, child, null, 0));
        Cuda.Ok(driver.cuGraphAddEmptyNode(&node, graph, null, 0));
        _nodes["Empty"] = node;
        Cuda.Ok(driver.cuGraphAddEmptyNode(&node, graph, &node, 1));
        _nodes["After"] = node;

        CUdeviceptr memory = at.Memory;
        void* parameter = &memory;
        CUDA_KERNEL_NODE_PARAMS_v2 kernel = Kernel(at) with { kernelParams = &parameter };
        Cuda.Ok(driver.cuGraphAddKernelNode_v2(&node, graph, null, 0, &kernel));
        _nodes["Kernel"] = node;
        CUDA_MEMSET_NODE_PARAMS_v1 set = Set(at);
        Cuda.Ok(driver.cuGraphAddMemsetNode(&node, graph, null, 0, &set, at.Context));
        _nodes["Memset"] = node;
        // The nodes of hosts' copies keep the address: it is one that stays.
        CUDA_MEMCPY3D_v2 copy = Copy(at, HostMemory.Of(31));
        Cuda.Ok(driver.cuGraphAddMemcpyNode(&node, graph, null, 0, &copy, at.Context));
        _nodes["Memcpy"] = node;
        CUDA_HOST_NODE_PARAMS_v1 host = Host;
        Cuda.Ok(driver.cuGraphAddHostNode(&node, graph, null, 0, &host));
        _nodes["Host"] = node;
        Cuda.Ok(driver.cuGraphAddChildGraphNode(&node, graph, null, 0, child));
        _nodes["ChildGraph"] = node;
        CUevent mark = new(at.Live(HandleKind.CUevent));
        Cuda.Ok(driver.cuGraphAddEventRecordNode(&node, graph, null, 0, mark));
        _nodes["EventRecord"] = node;
        Cuda.Ok(driver.cuGraphAddEventWaitNode(&node, graph, null, 0, mark));
        _nodes["EventWait"] = node;
        CUstreamBatchMemOpParams_v1 write = Write(at);
        CUDA_BATCH_MEM_OP_NODE_PARAMS_v1 batch = new() { ctx = at.Context, count = 1, paramArray = &write };
        Cuda.Ok(driver.cuGraphAddBatchMemOpNode(&node, graph, null, 0, &batch));
        _nodes["BatchMemOp"] = node;
        CUgraphExec instance;
        Cuda.Ok(driver.cuGraphInstantiateWithFlags(&instance, graph, 0));
        Instance = instance;

        // Graphs with memory of their own are restricted: another one.
        Cuda.Ok(driver.cuGraphCreate(&graph, 0));
        MemoryGraph = graph;
        CUDA_MEM_ALLOC_NODE_PARAMS_v1 allocation = new() { poolProps = GoodCalls.PoolProperties, bytesize = 64 };
        Cuda.Ok(driver.cuGraphAddMemAllocNode(&node, graph, null, 0, &allocation));
        _nodes["MemAlloc"] = node;
        Cuda.Ok(driver.cuGraphAddMemFreeNode(&node, graph, &node, 1, allocation.dptr));
        _nodes["MemFree"] = node;
        Cuda.Ok(driver.cuGraphAddMemAllocNode(&node, graph, null, 0, &allocation));
        Unfreed = at.Own(allocation.dptr, 64);
        Allocation = node;
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    public CUgraph Graph { get; }

    public CUgraph Child { get; }

    public CUgraphExec Instance { get; }

    public CUgraph MemoryGraph { get; }

    /// <summary>The address that a node of <see cref="MemoryGraph"/> allocates and none frees.</summary>
    public CUdeviceptr Unfreed { get; }

    /// <summary>That node.</summary>
    public CUgraphNode Allocation { get; }

    /// <summary>The node of a type, as the functions about it call it.</summary>
    public CUgraphNode this[string type] => _nodes[type];

    /// <summary>That of a session.</summary>
    public static GoodGraph Of(BadCallSession at) => at.Once("graph", () => new GoodGraph(at));

    /// <summary>The node's type that a function is about.</summary>
    public static string TypeOf(string function) =>
        s_types.First(type => function.Contains(type, StringComparison.Ordinal));

    public static CUDA_KERNEL_NODE_PARAMS_v2 Kernel(BadCallSession at) => new()
    {
        func = new(at.Live(HandleKind.CUfunction)), gridDimX = 1, gridDimY = 1, gridDimZ = 1, blockDimX = 1, blockDimY = 1, blockDimZ = 1,
    };

    public static CUDA_MEMSET_NODE_PARAMS_v1 Set(BadCallSession at) =>
        new() { dst = at.Memory, pitch = 64, value = 1, elementSize = 4, width = 4, height = 2 };

    public static CUDA_MEMCPY3D_v2 Copy(BadCallSession at, void* host) => new()
    {
        srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST, srcHost = host, srcPitch = 16, srcHeight = 4,
        dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE, dstDevice = at.Memory, dstPitch = 32, dstHeight = 4,
        srcXInBytes = 4, srcY = 1, dstXInBytes = 4, dstY = 1, WidthInBytes = 8, Height = 2, Depth = 1,
    };

    public static CUDA_HOST_NODE_PARAMS_v1 Host =>
        new() { fn = (delegate* unmanaged[Cdecl]<void*, void>)GoodCall.Callback, userData = HostMemory.Of(31) };

    public static CUstreamBatchMemOpParams_v1 Write(BadCallSession at)
    {
        CUstreamBatchMemOpParams_v1 write = default;
        write.writeValue.operation = CUstreamBatchMemOpType.CU_STREAM_MEM_OP_WRITE_VALUE_32;
        write.writeValue.address = at.Memory;
        write.writeValue.value = 1;
        return write;
    }

    private static readonly string[] s_types =
        ["Kernel", "Memset", "Memcpy", "Host", "ChildGraph", "EventRecord", "EventWait", "BatchMemOp", "MemAlloc", "MemFree"];
}
