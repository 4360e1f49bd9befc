using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;
using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <summary>Bodies that a conditional node may have.</summary>
    private const int MaxBodies = 1024;

    /// <inheritdoc/>
    public override CUresult cuGraphAddNode_v2(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, CUgraphEdgeData* dependencyData, nuint numDependencies,
        CUgraphNodeParams* nodeParams)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phGraphNode == null || nodeParams == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        CUresult result = ReadDependencies(graph, dependencies, dependencyData, numDependencies, out GraphEdgeEnd[] ends);
        if (result != CUDA_SUCCESS)
        {
            return result;
        }
        if (graph.Nodes.Count >= MaxGraphNodes)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        result = CreateContent(graph, null, ref *nodeParams, out NodeContent? content);
        if (content is null)
        {
            return result;
        }
        lock (graph.Gate)
        {
            GraphNode node = graph.Add(content, ends);
            foreach (DriverGraph inner in GraphCopy.Inner(content))
            {
                inner.Owner = node;
            }
            (content as AllocateContent)?.Memory.Hold();
            if (!Name(node))
            {
                Forget(node);
                graph.Remove(node);
                return CUDA_ERROR_OUT_OF_MEMORY;
            }
            *phGraphNode = new CUgraphNode(node.Handle);
            return CUDA_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeSetParams(CUgraphNode hNode, CUgraphNodeParams* nodeParams)
    {
        if (EnterNode(hNode, out GraphNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (nodeParams == null || nodeParams->type != node.Content.Type || !MayBeSet(nodeParams->type))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        CUresult result = CreateContent(node.Graph, node.Content, ref *nodeParams, out NodeContent? content);
        if (content is not null)
        {
            node.Content = content;
        }
        return result;
    }

    /// <summary>Events may still be passed on to others; what has no context of its own gets the one current now.</summary>
    protected override CUresult GetNodeParams(CUgraphNode hNode, CUgraphNodeType type, CUgraphNodeParams* nodeParams)
    {
        if (EnterNode(hNode, out GraphNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (node.Content.Type != type)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nodeParams->type = type;
        node.Content.Describe(ref *nodeParams);
        return CUDA_SUCCESS;
    }

    private static bool MayBeSet(CUgraphNodeType type) => type is CU_GRAPH_NODE_TYPE_KERNEL or CU_GRAPH_NODE_TYPE_MEMCPY
        or CU_GRAPH_NODE_TYPE_MEMSET or CU_GRAPH_NODE_TYPE_HOST or CU_GRAPH_NODE_TYPE_WAIT_EVENT or CU_GRAPH_NODE_TYPE_EVENT_RECORD
        or CU_GRAPH_NODE_TYPE_BATCH_MEM_OP;

    /// <summary>The content that parameters describe, checked; null with the result that the caller gets if they are wrong.</summary>
    /// <param name="graph">The graph the node is or will be in.</param>
    /// <param name="before">What the node did before, if it exists: contexts that are not given stay.</param>
    /// <param name="parameters">The parameters; addresses and graphs that the node brings are written into them.</param>
    /// <param name="content">The content.</param>
    private CUresult CreateContent(DriverGraph graph, NodeContent? before, ref CUgraphNodeParams parameters, out NodeContent? content)
    {
        content = null;
        switch (parameters.type)
        {
            case CU_GRAPH_NODE_TYPE_EMPTY:
                content = new EmptyContent();
                return CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_KERNEL:
                return CreateKernel(parameters.kernel, before as KernelContent, out content);
            case CU_GRAPH_NODE_TYPE_MEMCPY:
                return CreateCopy(parameters.memcpy, before, out content);
            case CU_GRAPH_NODE_TYPE_MEMSET:
                return CreateFill(parameters.memset, before, out content);
            case CU_GRAPH_NODE_TYPE_HOST:
                content = parameters.host.fn == null ? null : new HostContent(parameters.host.fn, parameters.host.userData);
                return content is null ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_GRAPH:
                return CreateChild(graph, parameters.graph, out content);
            case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
                return CreateEvent(parameters.eventWait.@event, waits: true, out content);
            case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
                return CreateEvent(parameters.eventRecord.@event, waits: false, out content);
            case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
                return CreateAllocation(ref parameters.alloc, out content);
            case CU_GRAPH_NODE_TYPE_MEM_FREE:
                content = TryFindDevice(parameters.free.dptr.Value, out _, out _) ? new FreeContent(parameters.free.dptr, this) : null;
                return content is null ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_CONDITIONAL:
                return CreateConditional(graph, ref parameters.conditional, out content);
            case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
                return CreateBatch(parameters.memOp, before, out content);
            case CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL:
                return NoneOf(parameters.extSemSignal.numExtSems, parameters.extSemSignal.extSemArray);
            case CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT:
                return NoneOf(parameters.extSemWait.numExtSems, parameters.extSemWait.extSemArray);
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    private CUresult CreateKernel(in CUDA_KERNEL_NODE_PARAMS_v3 kernel, KernelContent? before, out NodeContent? content)
    {
        content = null;
        if (EnterNodeContext(kernel.ctx, before, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        nint handle = kernel.func.Value != 0 ? kernel.func.Value : kernel.kern.Value;
        DriverFunction function = null!;
        CUresult found = In(context, () => EnterFunction(new CUfunction(handle), out function));
        if (found != CUDA_SUCCESS)
        {
            return found;
        }
        if (function.Context != context)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        bool cooperative = before?.Work.Shape.Cooperative ?? false;
        var asked = new LaunchShape(
            kernel.gridDimX, kernel.gridDimY, kernel.gridDimZ, kernel.blockDimX, kernel.blockDimY, kernel.blockDimZ,
            kernel.sharedMemBytes, cooperative);
        if (CheckShape(function, asked, DeviceAttributes.Multiprocessors, out LaunchShape shape) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        byte[] packed = new byte[function.Kernel.ParameterBytes];
        if (!TryPack(function.Kernel, kernel.kernelParams, kernel.extra, packed))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var work = new KernelWork(_gpu.Launcher, function, shape, packed);
        content = before is null ? new KernelContent(work, handle) : new KernelContent(work, handle) { Attributes = before.Attributes };
        return CUDA_SUCCESS;
    }

    private CUresult CreateCopy(in CUDA_MEMCPY_NODE_PARAMS copy, NodeContent? before, out NodeContent? content)
    {
        content = null;
        if (EnterNodeContext(copy.copyCtx, before, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = PreparePitched(copy.copyParams, out PitchedPlace to, out PitchedPlace from, out CopyExtent extent);
        if (result == CUDA_SUCCESS)
        {
            StreamWork? work = extent.IsEmpty ? null : new PitchedCopyWork(to, from, extent) { Parameters = copy.copyParams };
            content = new CopyContent(copy.copyParams, work, context);
        }
        return result;
    }

    private CUresult CreateFill(in CUDA_MEMSET_NODE_PARAMS_v2 fill, NodeContent? before, out NodeContent? content)
    {
        content = null;
        if (EnterNodeContext(fill.ctx, before, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        StreamWork? work = null;
        CUresult result = fill.elementSize switch
        {
            1 => PrepareSet(fill.dst, fill.pitch, fill.width, fill.height, (byte)fill.value, out work),
            2 => PrepareSet(fill.dst, fill.pitch, fill.width, fill.height, (ushort)fill.value, out work),
            4 => PrepareSet(fill.dst, fill.pitch, fill.width, fill.height, fill.value, out work),
            _ => CUDA_ERROR_INVALID_VALUE,
        };
        content = result == CUDA_SUCCESS ? new FillContent(fill, work, context) : null;
        return result;
    }

    private CUresult CreateChild(DriverGraph graph, in CUDA_CHILD_GRAPH_NODE_PARAMS child, out NodeContent? content)
    {
        content = null;
        if (EnterGraph(child.graph, out DriverGraph original) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (original == graph || child.ownership > CUgraphChildGraphNodeOwnership.CU_GRAPH_CHILD_GRAPH_OWNERSHIP_MOVE
            || child.ownership < CUgraphChildGraphNodeOwnership.CU_GRAPH_CHILD_GRAPH_OWNERSHIP_CLONE)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (child.ownership == CUgraphChildGraphNodeOwnership.CU_GRAPH_CHILD_GRAPH_OWNERSHIP_MOVE)
        {
            if (original.Owner is not null)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            content = new ChildContent(original);
            return CUDA_SUCCESS;
        }
        CUresult result = CloneGraph(original, out DriverGraph clone);
        content = result == CUDA_SUCCESS ? new ChildContent(clone) : null;
        return result;
    }

    private CUresult CreateEvent(CUevent handle, bool waits, out NodeContent? content)
    {
        content = null;
        if (Find(handle.Value, out DriverEvent target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        content = waits ? new EventWaitContent(target, handle.Value) : new EventRecordContent(target, handle.Value);
        return CUDA_SUCCESS;
    }

    private CUresult CreateAllocation(ref CUDA_MEM_ALLOC_NODE_PARAMS_v2 allocation, out NodeContent? content)
    {
        content = null;
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUmemPoolProps_v1 properties = allocation.poolProps;
        CUresult where = EnterLocation(&properties.location, properties.allocType, out int device);
        if (where != CUDA_SUCCESS || allocation.bytesize == 0 || (allocation.accessDescCount > 0 && allocation.accessDescs == null))
        {
            return where is CUDA_SUCCESS or CUDA_ERROR_INVALID_DEVICE ? CUDA_ERROR_INVALID_VALUE : where;
        }
        for (nuint i = 0; i < allocation.accessDescCount; i++)
        {
            if (CheckAccess(allocation.accessDescs[i]) is not CUDA_SUCCESS and var wrong)
            {
                return wrong;
            }
        }
        var memory = new GraphMemory(this, _gpu.Devices[device], context, allocation.bytesize);
        if (!memory.TryReserve())
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        allocation.dptr = new CUdeviceptr(memory.Address);
        content = new AllocateContent(memory, allocation, context);
        return CUDA_SUCCESS;
    }

    private CUresult CreateBatch(in CUDA_BATCH_MEM_OP_NODE_PARAMS_v2 batch, NodeContent? before, out NodeContent? content)
    {
        content = null;
        if (EnterNodeContext(batch.ctx, before, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = PrepareBatch(batch.paramArray, batch.count, batch.flags, out BatchWork? work);
        content = work is null ? null : new BatchContent(work, context);
        return result;
    }

    private CUresult CreateConditional(DriverGraph graph, ref CUDA_CONDITIONAL_NODE_PARAMS conditional, out NodeContent? content)
    {
        content = null;
        if (EnterNodeContext(conditional.ctx, null, out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        bool fits = conditional.type switch
        {
            CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_IF => conditional.size is 1 or 2,
            CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_WHILE => conditional.size == 1,
            CUgraphConditionalNodeType.CU_GRAPH_COND_TYPE_SWITCH => conditional.size is > 0 and <= MaxBodies,
            _ => false,
        };
        if (!fits || !graph.Conditions.ContainsKey(conditional.handle))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        DriverGraph[] bodies = [.. Enumerable.Range(0, (int)conditional.size).Select(static _ => new DriverGraph())];
        if (!Array.TrueForAll(bodies, Name))
        {
            Array.ForEach(bodies, DestroyGraph);
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        var created = new ConditionalContent(conditional.handle, conditional.type, bodies, context);
        conditional.phGraph_out = created.Handles;
        content = created;
        return CUDA_SUCCESS;
    }

    /// <summary>The context of a node: the one given, the one it had, or the current one.</summary>
    private CUresult EnterNodeContext(CUcontext ctx, NodeContent? before, out DriverContext context)
    {
        if (ctx.Value == 0 && before?.Context is { } had)
        {
            context = had;
            return had.Fault;
        }
        CUresult found = FindContextOrCurrent(ctx, out context);
        return found == CUDA_SUCCESS ? context.Fault : found;
    }

    /// <summary>Does something with another context current.</summary>
    private CUresult In(DriverContext context, Func<CUresult> action)
    {
        Stack<nint> stack = _stack.Value!;
        stack.Push(context.Handle);
        CUresult result = action();
        stack.Pop();
        return result;
    }
}
