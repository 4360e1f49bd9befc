namespace CudaRpc.Driver;

// Older forms: without edge data, with a log for instantiation, with a result in two pieces.
public abstract unsafe partial class GraphDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphAddDependencies(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, nuint numDependencies) =>
        cuGraphAddDependencies_v2(hGraph, from, to, null, numDependencies);

    /// <inheritdoc/>
    public override CUresult cuGraphRemoveDependencies(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, nuint numDependencies) =>
        cuGraphRemoveDependencies_v2(hGraph, from, to, null, numDependencies);

    /// <inheritdoc/>
    public override CUresult cuGraphGetEdges(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, nuint* numEdges) =>
        cuGraphGetEdges_v2(hGraph, from, to, null, numEdges);

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetDependencies(CUgraphNode hNode, CUgraphNode* dependencies, nuint* numDependencies) =>
        cuGraphNodeGetDependencies_v2(hNode, dependencies, null, numDependencies);

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetDependentNodes(CUgraphNode hNode, CUgraphNode* dependentNodes, nuint* numDependentNodes) =>
        cuGraphNodeGetDependentNodes_v2(hNode, dependentNodes, null, numDependentNodes);

    /// <inheritdoc/>
    public override CUresult cuGraphInstantiate(CUgraphExec* phGraphExec, CUgraph hGraph, CUgraphNode* phErrorNode, byte* logBuffer, nuint bufferSize) =>
        cuGraphInstantiate_v2(phGraphExec, hGraph, phErrorNode, logBuffer, bufferSize);

    /// <inheritdoc/>
    public override CUresult cuGraphInstantiate_v2(
        CUgraphExec* phGraphExec, CUgraph hGraph, CUgraphNode* phErrorNode, byte* logBuffer, nuint bufferSize)
    {
        if (logBuffer != null && bufferSize > 0)
        {
            *logBuffer = 0;
        }

        var instantiate = default(CUDA_GRAPH_INSTANTIATE_PARAMS);
        CUresult result = cuGraphInstantiateWithParams(phGraphExec, hGraph, &instantiate);
        if (phErrorNode != null)
        {
            *phErrorNode = instantiate.hErrNode_out;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, ulong flags)
    {
        var instantiate = new CUDA_GRAPH_INSTANTIATE_PARAMS { flags = flags };
        return cuGraphInstantiateWithParams(phGraphExec, hGraph, &instantiate);
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecUpdate(
        CUgraphExec hGraphExec, CUgraph hGraph, CUgraphNode* hErrorNode_out, CUgraphExecUpdateResult* updateResult_out)
    {
        CUgraphExecUpdateResultInfo_v1 info = default;
        CUresult result = cuGraphExecUpdate_v2(hGraphExec, hGraph, &info);
        if (hErrorNode_out != null)
        {
            *hErrorNode_out = info.errorNode;
        }

        if (updateResult_out != null)
        {
            *updateResult_out = info.result;
        }

        return result;
    }

    /// <inheritdoc/>
    public override CUresult cuStreamBeginCapture(CUstream hStream) =>
        cuStreamBeginCapture_v2(hStream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL);

    /// <inheritdoc/>
    public override CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus) =>
        captureStatus == null ? CUresult.CUDA_ERROR_INVALID_VALUE : cuStreamGetCaptureInfo_v3(hStream, captureStatus, null, null, null, null, null);

    /// <inheritdoc/>
    public override CUresult cuStreamGetCaptureInfo(CUstream hStream, CUstreamCaptureStatus* captureStatus_out, ulong* id_out) =>
        cuStreamGetCaptureInfo_v3(hStream, captureStatus_out, id_out, null, null, null, null);

    /// <inheritdoc/>
    public override CUresult cuStreamGetCaptureInfo_v2(
        CUstream hStream, CUstreamCaptureStatus* captureStatus_out, ulong* id_out, CUgraph* graph_out, CUgraphNode** dependencies_out,
        nuint* numDependencies_out) =>
        cuStreamGetCaptureInfo_v3(hStream, captureStatus_out, id_out, graph_out, dependencies_out, null, numDependencies_out);

    /// <inheritdoc/>
    public override CUresult cuStreamUpdateCaptureDependencies(CUstream hStream, CUgraphNode* dependencies, nuint numDependencies, uint flags) =>
        cuStreamUpdateCaptureDependencies_v2(hStream, dependencies, null, numDependencies, flags);
}
