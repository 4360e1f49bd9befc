using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Driver;

/// <summary>
/// A driver that has one function for graph nodes of any kind: the functions for one kind each are put in its terms here. Since 12.2
/// CUDA itself has both. Nothing here keeps state.
/// </summary>
public abstract unsafe partial class GraphDriver : CudaDriver
{
    /// <summary>Reads the parameters of a node, which must be of kind <paramref name="type"/>.</summary>
    /// <param name="hNode">The node.</param>
    /// <param name="type">The kind.</param>
    /// <param name="nodeParams">Takes them. What they point to belongs to the node.</param>
    protected abstract CUresult GetNodeParams(CUgraphNode hNode, CUgraphNodeType type, CUgraphNodeParams* nodeParams);

    /// <inheritdoc/>
    public override CUresult cuGraphAddEmptyNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EMPTY };
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddKernelNode_v2(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_KERNEL_NODE_PARAMS_v2* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = *(CUDA_KERNEL_NODE_PARAMS_v3*)nodeParams;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddKernelNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_KERNEL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = Widen(*nodeParams);
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddMemcpyNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_MEMCPY3D_v2* copyParams, CUcontext ctx)
    {
        if (copyParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEMCPY };
        any.memcpy.copyCtx = ctx;
        any.memcpy.copyParams = *copyParams;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddMemsetNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_MEMSET_NODE_PARAMS_v1* memsetParams, CUcontext ctx)
    {
        if (memsetParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEMSET };
        any.memset = Widen(*memsetParams, ctx);
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddHostNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_HOST_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_HOST };
        any.host.fn = nodeParams->fn;
        any.host.userData = nodeParams->userData;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddChildGraphNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUgraph childGraph)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_GRAPH };
        any.graph.graph = childGraph;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddEventRecordNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUevent @event)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EVENT_RECORD };
        any.eventRecord.@event = @event;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddEventWaitNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUevent @event)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_WAIT_EVENT };
        any.eventWait.@event = @event;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddMemFreeNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUdeviceptr dptr)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEM_FREE };
        any.free.dptr = dptr;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddBatchMemOpNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_BATCH_MEM_OP_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_BATCH_MEM_OP };
        any.memOp = *(CUDA_BATCH_MEM_OP_NODE_PARAMS_v2*)nodeParams;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddMemAllocNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_MEM_ALLOC_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEM_ALLOC };
        any.alloc = *(CUDA_MEM_ALLOC_NODE_PARAMS_v2*)nodeParams;
        CUresult result = cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
        nodeParams->dptr = any.alloc.dptr;
        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUgraphNodeParams* nodeParams) =>
        cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, nodeParams);

    private static CUDA_KERNEL_NODE_PARAMS_v3 Widen(in CUDA_KERNEL_NODE_PARAMS_v1 kernel) => new()
    {
        func = kernel.func,
        gridDimX = kernel.gridDimX,
        gridDimY = kernel.gridDimY,
        gridDimZ = kernel.gridDimZ,
        blockDimX = kernel.blockDimX,
        blockDimY = kernel.blockDimY,
        blockDimZ = kernel.blockDimZ,
        sharedMemBytes = kernel.sharedMemBytes,
        kernelParams = kernel.kernelParams,
        extra = kernel.extra,
    };

    private static CUDA_MEMSET_NODE_PARAMS_v2 Widen(in CUDA_MEMSET_NODE_PARAMS_v1 memset, CUcontext ctx) => new()
    {
        dst = memset.dst,
        pitch = memset.pitch,
        value = memset.value,
        elementSize = memset.elementSize,
        width = memset.width,
        height = memset.height,
        ctx = ctx,
    };
}
