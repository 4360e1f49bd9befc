using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// The structure of graphs, and instances. What a program makes has ids of the client and is posted; nodes that appear on the server by
// themselves (of clones, of captures) get ids there, when they are first listed.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphCreate(CUgraph* phGraph, uint flags)
    {
        if (phGraph == null || flags != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphCreate);
            *phGraph = new CUgraph(call.WriteNewHandle(HandleKind.CUgraph));
            call.Write(flags);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphDestroyNode(CUgraphNode hNode)
    {
        if (CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphDestroyNode);
            call.WriteHandle(hNode.Value);
            call.Post();
            Handles.Forget(hNode.Value);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphDestroyNode, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, nuint* numNodes) =>
        CheckGraph(hGraph) is var check and not CUresult.CUDA_SUCCESS ? check : List(CallId.cuGraphGetNodes, hGraph.Value, hGraph.Value, nodes, numNodes);

    /// <inheritdoc/>
    public override CUresult cuGraphGetRootNodes(CUgraph hGraph, CUgraphNode* rootNodes, nuint* numRootNodes) =>
        CheckGraph(hGraph) is var check and not CUresult.CUDA_SUCCESS
            ? check
            : List(CallId.cuGraphGetRootNodes, hGraph.Value, hGraph.Value, rootNodes, numRootNodes);

    /// <inheritdoc/>
    public override CUresult cuGraphGetEdges_v2(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edgeData, nuint* numEdges) =>
        CheckGraph(hGraph) is var check and not CUresult.CUDA_SUCCESS
            ? check
            : List(CallId.cuGraphGetEdges_v2, hGraph.Value, hGraph.Value, from, to, edgeData, numEdges);

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetDependencies_v2(
        CUgraphNode hNode, CUgraphNode* dependencies, CUgraphEdgeData* edgeData, nuint* numDependencies) =>
        CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS
            ? check
            : List(CallId.cuGraphNodeGetDependencies_v2, hNode.Value, GraphOf(hNode), dependencies, null, edgeData, numDependencies);

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetDependentNodes_v2(
        CUgraphNode hNode, CUgraphNode* dependentNodes, CUgraphEdgeData* edgeData, nuint* numDependentNodes) =>
        CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS
            ? check
            : List(CallId.cuGraphNodeGetDependentNodes_v2, hNode.Value, GraphOf(hNode), null, dependentNodes, edgeData, numDependentNodes);

    /// <inheritdoc/>
    public override CUresult cuGraphNodeFindInClone(CUgraphNode* phNode, CUgraphNode hOriginalNode, CUgraph hClonedGraph)
    {
        if (CheckNode(hOriginalNode) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (CheckGraph(hClonedGraph) is var checkGraph and not CUresult.CUDA_SUCCESS)
        {
            return checkGraph;
        }

        if (phNode == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphNodeFindInClone);
            call.WriteHandle(hOriginalNode.Value);
            call.WriteHandle(hClonedGraph.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                *phNode = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, hClonedGraph.Value));
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphNodeFindInClone, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphInstantiateWithParams(CUgraphExec* phGraphExec, CUgraph hGraph, CUDA_GRAPH_INSTANTIATE_PARAMS* instantiateParams)
    {
        if (phGraphExec == null || instantiateParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (CheckGraph(hGraph) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (Handles.Check(instantiateParams->hUploadStream.Value, HandleKind.CUstream) is var checkStream and not CUresult.CUDA_SUCCESS)
        {
            return checkStream;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphInstantiateWithParams);
            nint id = call.WriteNewHandle(HandleKind.CUgraphExec);
            call.WriteHandle(hGraph.Value);
            call.Write(instantiateParams->flags);
            call.WriteHandle(instantiateParams->hUploadStream.Value);
            CUresult status = call.Invoke();
            instantiateParams->hErrNode_out = default;
            instantiateParams->result_out = CUgraphInstantiateResult.CUDA_GRAPH_INSTANTIATE_ERROR;
            if (status == CUresult.CUDA_SUCCESS)
            {
                // A graph that cannot be instantiated is a result as well, with its node.
                status = (CUresult)call.ReadUInt32();
                instantiateParams->result_out = (CUgraphInstantiateResult)call.ReadUInt32();
                instantiateParams->hErrNode_out = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, hGraph.Value));
                call.End();
                if (status == CUresult.CUDA_SUCCESS)
                {
                    *phGraphExec = new CUgraphExec(id);
                }
                else
                {
                    Handles.Forget(id);
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphInstantiateWithParams, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecUpdate_v2(CUgraphExec hGraphExec, CUgraph hGraph, CUgraphExecUpdateResultInfo_v1* resultInfo)
    {
        if (CheckInstance(hGraphExec) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (CheckGraph(hGraph) is var checkGraph and not CUresult.CUDA_SUCCESS)
        {
            return checkGraph;
        }

        if (resultInfo == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphExecUpdate_v2);
            call.WriteHandle(hGraphExec.Value);
            call.WriteHandle(hGraph.Value);
            CUresult status = call.Invoke();
            *resultInfo = default;
            if (status == CUresult.CUDA_SUCCESS)
            {
                status = (CUresult)call.ReadUInt32();
                resultInfo->result = (CUgraphExecUpdateResult)call.ReadUInt32();
                resultInfo->errorNode = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, hGraph.Value));
                resultInfo->errorFromNode = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, hGraph.Value));
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphExecUpdate_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphUpload(CUgraphExec hGraphExec, CUstream hStream)
    {
        if (CheckInstance(hGraphExec) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var checkStream and not CUresult.CUDA_SUCCESS)
        {
            return checkStream;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphUpload);
            call.WriteHandle(hGraphExec.Value);
            call.WriteHandle(hStream.Value);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphUpload, failure);
        }
    }

    private nint GraphOf(CUgraphNode node) => Handles.Find(node.Value)?.Parent ?? 0;

    private CUresult List(uint callId, nint of, nint graph, CUgraphNode* nodes, nuint* count)
    {
        if (count == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle(of);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                nint[] ids = call.ReadHandles(HandleKind.CUgraphNode, graph);
                call.End();
                Fill(nodes, ids, *count);
                *count = nodes == null ? (nuint)ids.Length : nuint.Min(*count, (nuint)ids.Length);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult List(uint callId, nint of, nint graph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data, nuint* count)
    {
        if (count == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle(of);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                nint[] sources = call.ReadHandles(HandleKind.CUgraphNode, graph);
                nint[] targets = call.ReadHandles(HandleKind.CUgraphNode, graph);
                var edges = new CUgraphEdgeData[sources.Length];
                fixed (CUgraphEdgeData* start = edges)
                {
                    call.ReadArray(start, (nuint)edges.Length);
                }

                call.End();
                bool wanted = from != null || to != null;
                if (wanted && data == null && Array.Exists(edges, static edge => edge is not { from_port: 0, to_port: 0, type: 0 }))
                {
                    return CUresult.CUDA_ERROR_LOSSY_QUERY;
                }

                Fill(from, sources, *count);
                Fill(to, targets, *count);
                for (nuint index = 0; data != null && index < *count; index++)
                {
                    data[index] = index < (nuint)edges.Length ? edges[index] : default;
                }

                *count = wanted ? nuint.Min(*count, (nuint)edges.Length) : (nuint)edges.Length;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // Room beyond what there is gets null, as in CUDA.
    private static void Fill(CUgraphNode* nodes, nint[] ids, nuint room)
    {
        for (nuint index = 0; nodes != null && index < room; index++)
        {
            nodes[index] = index < (nuint)ids.Length ? new CUgraphNode(ids[index]) : default;
        }
    }

    private CUresult CheckGraph(CUgraph graph) => Handles.Check(graph.Value, HandleKind.CUgraph);

    private CUresult CheckNode(CUgraphNode node) => Handles.Check(node.Value, HandleKind.CUgraphNode);

    private CUresult CheckInstance(CUgraphExec instance) => Handles.Check(instance.Value, HandleKind.CUgraphExec);

    private CUresult CheckNodes(CUgraphNode* nodes, nuint count)
    {
        if (count > 0 && nodes == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        for (nuint index = 0; index < count; index++)
        {
            if (CheckNode(nodes[index]) != CUresult.CUDA_SUCCESS)
            {
                return CUresult.CUDA_ERROR_INVALID_VALUE;
            }
        }

        return CUresult.CUDA_SUCCESS;
    }

    // As the generated half reads optional arrays: nil or bytes.
    private static void WriteDependencies(ref Call call, CUgraphNode* nodes, CUgraphEdgeData* data, nuint count)
    {
        if (nodes == null)
        {
            call.WriteNil();
        }
        else
        {
            call.WriteHandles((nint*)nodes, count);
        }

        if (data == null)
        {
            call.WriteNil();
        }
        else
        {
            call.WriteArray(data, count);
        }

        call.Write(count);
    }
}
