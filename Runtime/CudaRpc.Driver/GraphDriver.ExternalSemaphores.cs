using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Driver;

// Nodes that signal or await external semaphores. A driver that can import none refuses their parameters, as it does those of any kind.
public abstract unsafe partial class GraphDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphAddExternalSemaphoresSignalNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL };
        any.extSemSignal = *(CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v2*)nodeParams;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExternalSemaphoresSignalNodeSetParams(CUgraphNode hNode, CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL };
        any.extSemSignal = *(CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v2*)nodeParams;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecExternalSemaphoresSignalNodeSetParams(
        CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL };
        any.extSemSignal = *(CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v2*)nodeParams;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExternalSemaphoresSignalNodeGetParams(CUgraphNode hNode, CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1* params_out)
    {
        if (params_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *params_out = *(CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1*)&any.extSemSignal;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddExternalSemaphoresWaitNode(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, nuint numDependencies, CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT };
        any.extSemWait = *(CUDA_EXT_SEM_WAIT_NODE_PARAMS_v2*)nodeParams;
        return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, null, numDependencies, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExternalSemaphoresWaitNodeSetParams(CUgraphNode hNode, CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT };
        any.extSemWait = *(CUDA_EXT_SEM_WAIT_NODE_PARAMS_v2*)nodeParams;
        return cuGraphNodeSetParams(hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecExternalSemaphoresWaitNodeSetParams(
        CUgraphExec hGraphExec, CUgraphNode hNode, CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1* nodeParams)
    {
        if (nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var any = new CUgraphNodeParams { type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT };
        any.extSemWait = *(CUDA_EXT_SEM_WAIT_NODE_PARAMS_v2*)nodeParams;
        return cuGraphExecNodeSetParams(hGraphExec, hNode, &any);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExternalSemaphoresWaitNodeGetParams(CUgraphNode hNode, CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1* params_out)
    {
        if (params_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUgraphNodeParams any = default;
        CUresult result = GetNodeParams(hNode, CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT, &any);
        if (result == CUresult.CUDA_SUCCESS)
        {
            *params_out = *(CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1*)&any.extSemWait;
        }

        return result;
    }
}
