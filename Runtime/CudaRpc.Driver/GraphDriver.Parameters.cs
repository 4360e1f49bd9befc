using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Driver;

// Parameters of nodes that exist: set in the graph, set in what was instantiated from it, read.
public abstract unsafe partial class GraphDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeSetParams_v2(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v2* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = *(CUDA_KERNEL_NODE_PARAMS_v3*)nodeParams;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v2* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = *(CUDA_KERNEL_NODE_PARAMS_v3*)nodeParams;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeSetParams(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = Widen(*nodeParams);
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecKernelNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_KERNEL };
        any.kernel = Widen(*nodeParams);
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphMemcpyNodeSetParams(CUgraphNode hNode, CUDA_MEMCPY3D_v2* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEMCPY };
        any.memcpy.copyParams = *nodeParams;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_MEMCPY3D_v2* nodeParams, CUcontext ctx)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEMCPY };
        any.memcpy.copyCtx = ctx;
        any.memcpy.copyParams = *nodeParams;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphMemsetNodeSetParams(CUgraphNode hNode, CUDA_MEMSET_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEMSET };
        any.memset = Widen(*nodeParams, default);
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_MEMSET_NODE_PARAMS_v1* nodeParams, CUcontext ctx)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_MEMSET };
        any.memset = Widen(*nodeParams, ctx);
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphHostNodeSetParams(CUgraphNode hNode, CUDA_HOST_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_HOST };
        any.host.fn = nodeParams->fn;
        any.host.userData = nodeParams->userData;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecHostNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_HOST_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_HOST };
        any.host.fn = nodeParams->fn;
        any.host.userData = nodeParams->userData;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphEventRecordNodeSetEvent(CUgraphNode hNode, CUevent @event)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EVENT_RECORD };
        any.eventRecord.@event = @event;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecEventRecordNodeSetEvent(CUgraphExec hGraphExec, CUgraphNode hNode, CUevent @event)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EVENT_RECORD };
        any.eventRecord.@event = @event;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphEventWaitNodeSetEvent(CUgraphNode hNode, CUevent @event)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_WAIT_EVENT };
        any.eventWait.@event = @event;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecEventWaitNodeSetEvent(CUgraphExec hGraphExec, CUgraphNode hNode, CUevent @event)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_WAIT_EVENT };
        any.eventWait.@event = @event;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphBatchMemOpNodeSetParams(CUgraphNode hNode, CUDA_BATCH_MEM_OP_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_BATCH_MEM_OP };
        any.memOp = *(CUDA_BATCH_MEM_OP_NODE_PARAMS_v2*)nodeParams;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecBatchMemOpNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_BATCH_MEM_OP_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_BATCH_MEM_OP };
        any.memOp = *(CUDA_BATCH_MEM_OP_NODE_PARAMS_v2*)nodeParams;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecChildGraphNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUgraph childGraph)
    {
        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_GRAPH };
        any.graph.graph = childGraph;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeGetParams_v2(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v2* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_KERNEL, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *nodeParams = *(CUDA_KERNEL_NODE_PARAMS_v2*)&any.kernel;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeGetParams(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_KERNEL, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *nodeParams = *(CUDA_KERNEL_NODE_PARAMS_v1*)&any.kernel;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphMemcpyNodeGetParams(CUgraphNode hNode, CUDA_MEMCPY3D_v2* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_MEMCPY, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *nodeParams = any.memcpy.copyParams;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphMemsetNodeGetParams(CUgraphNode hNode, CUDA_MEMSET_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_MEMSET, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *nodeParams = *(CUDA_MEMSET_NODE_PARAMS_v1*)&any.memset;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphHostNodeGetParams(CUgraphNode hNode, CUDA_HOST_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_HOST, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *nodeParams = *(CUDA_HOST_NODE_PARAMS_v1*)&any.host;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode hNode, CUgraph* phGraph)
    {
        if (phGraph == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_GRAPH, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *phGraph = any.graph.graph;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphEventRecordNodeGetEvent(CUgraphNode hNode, CUevent* event_out)
    {
        if (event_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_EVENT_RECORD, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *event_out = any.eventRecord.@event;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphEventWaitNodeGetEvent(CUgraphNode hNode, CUevent* event_out)
    {
        if (event_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_WAIT_EVENT, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *event_out = any.eventWait.@event;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphMemAllocNodeGetParams(CUgraphNode hNode, CUDA_MEM_ALLOC_NODE_PARAMS_v1* params_out)
    {
        if (params_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_MEM_ALLOC, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *params_out = *(CUDA_MEM_ALLOC_NODE_PARAMS_v1*)&any.alloc;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphMemFreeNodeGetParams(CUgraphNode hNode, CUdeviceptr* dptr_out)
    {
        if (dptr_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_MEM_FREE, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *dptr_out = any.free.dptr;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphBatchMemOpNodeGetParams(CUgraphNode hNode, CUDA_BATCH_MEM_OP_NODE_PARAMS_v1* nodeParams_out)
    {
        if (nodeParams_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *nodeParams_out = *(CUDA_BATCH_MEM_OP_NODE_PARAMS_v1*)&any.memOp;
        }

        return result;
    }
}
