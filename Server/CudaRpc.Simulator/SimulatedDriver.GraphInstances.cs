using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const ulong AutoFree = 1, Upload = 2, DeviceLaunch = 4, NodePriority = 8; // CUgraphInstantiate_flags

    private readonly ConditionValues _conditions = new();

    /// <inheritdoc/>
    public override CUresult cuGraphInstantiateWithParams(CUgraphExec* phGraphExec, CUgraph hGraph, CUDA_GRAPH_INSTANTIATE_PARAMS* instantiateParams)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phGraphExec == null || instantiateParams == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        instantiateParams->hErrNode_out = default;
        instantiateParams->result_out = CUgraphInstantiateResult.CUDA_GRAPH_INSTANTIATE_ERROR;
        if ((instantiateParams->flags & ~(AutoFree | Upload | DeviceLaunch | NodePriority)) != 0 || graph.IsCaptured)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if ((instantiateParams->flags & DeviceLaunch) != 0)
        {
            return CUDA_ERROR_NOT_SUPPORTED; // Kernels cannot launch graphs here.
        }
        if ((instantiateParams->flags & Upload) != 0 && EnterStream(instantiateParams->hUploadStream, out _) is not CUDA_SUCCESS and var noStream)
        {
            return noStream;
        }
        var instance = new GraphInstance(graph, instantiateParams->flags);
        instance.Handle = _handles.Add(instance);
        if (instance.Handle == 0)
        {
            instance.Dispose();
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        instantiateParams->result_out = CUgraphInstantiateResult.CUDA_GRAPH_INSTANTIATE_SUCCESS;
        return Give(phGraphExec, new CUgraphExec(instance.Handle));
    }

    /// <summary>A launch under way goes on.</summary>
    public override CUresult cuGraphExecDestroy(CUgraphExec hGraphExec)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove(hGraphExec.Value, out GraphInstance? instance))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        lock (instance)
        {
            instance.IsDestroyed = true;
            instance.DisposeIfIdle();
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecGetFlags(CUgraphExec hGraphExec, ulong* flags) =>
        EnterInstance(hGraphExec, out GraphInstance instance) is not CUDA_SUCCESS and var error ? error : Give(flags, instance.Flags);

    /// <summary>Launches of one instance run one after the other, in whatever streams.</summary>
    public override CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream)
    {
        if (EnterInstance(hGraphExec, out GraphInstance instance) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var noStream)
        {
            return noStream;
        }
        if (stream.Capture is { } capture)
        {
            capture.Invalidate();
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        lock (instance)
        {
            if ((instance.Flags & AutoFree) == 0 && instance.Memory.Any(static memory => memory.IsLive) && instance.LastLaunch is not { IsReached: false })
            {
                return CUDA_ERROR_INVALID_VALUE; // What the last launch allocated has not been freed.
            }
            var launch = new GraphLaunch(instance, _conditions, () => EndLaunch(instance));
            if (instance.LastLaunch is { } last)
            {
                launch.StartAfter(last);
            }
            foreach (NodeContent content in launch.Contents)
            {
                switch (content)
                {
                    case EventWaitContent { Target.Recording: { } recording }:
                        launch.StartAfter(recording.Point);
                        break;
                    case EventRecordContent record:
                        launch.Recordings[record.Target] = new EventRecording();
                        break;
                }
            }
            instance.Launches++;
            if (stream.Context.Submit(stream, launch, out StreamPoint point) is not CUDA_SUCCESS and var refused)
            {
                return refused;
            }
            instance.LastLaunch = point;
            foreach ((DriverEvent target, EventRecording recording) in launch.Recordings)
            {
                recording.Point = point;
                target.Recording = recording;
                target.Captured = null;
            }
            return CUDA_SUCCESS;
        }
    }

    /// <summary>There is nothing to upload.</summary>
    public override CUresult cuGraphUpload(CUgraphExec hGraphExec, CUstream hStream) =>
        EnterInstance(hGraphExec, out _) is not CUDA_SUCCESS and var error ? error : EnterStream(hStream, out _);

    /// <inheritdoc/>
    public override CUresult cuGraphExecNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUgraphNodeParams* nodeParams)
    {
        if (EnterInstanceNode(hGraphExec, hNode, out GraphInstance instance, out InstanceNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (nodeParams == null || nodeParams->type != node.Content.Type)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (nodeParams->type == CUgraphNodeType.CU_GRAPH_NODE_TYPE_GRAPH)
        {
            return SetChild(instance, hNode, nodeParams->graph.graph);
        }
        if (!MayBeSet(nodeParams->type))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        EnterNode(hNode, out GraphNode original);
        CUresult result = CreateContent(original.Graph, node.Content, ref *nodeParams, out NodeContent? content);
        if (content is null)
        {
            return result;
        }
        lock (instance)
        {
            if (node.Content.Accepts(content) != CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            node.Content = content;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeSetEnabled(CUgraphExec hGraphExec, CUgraphNode hNode, uint isEnabled)
    {
        if (EnterInstanceNode(hGraphExec, hNode, out GraphInstance instance, out InstanceNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!MayBeDisabled(node.Content.Type))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        lock (instance)
        {
            node.IsEnabled = isEnabled != 0;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetEnabled(CUgraphExec hGraphExec, CUgraphNode hNode, uint* isEnabled)
    {
        if (EnterInstanceNode(hGraphExec, hNode, out _, out InstanceNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return MayBeDisabled(node.Content.Type) ? Give(isEnabled, node.IsEnabled ? 1u : 0) : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphExecUpdate_v2(CUgraphExec hGraphExec, CUgraph hGraph, CUgraphExecUpdateResultInfo_v1* resultInfo)
    {
        if (EnterInstance(hGraphExec, out GraphInstance instance) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var noGraph)
        {
            return noGraph;
        }
        if (resultInfo == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *resultInfo = default;
        lock (instance)
        {
            resultInfo->result = instance.Update(graph, out GraphNode? different);
            resultInfo->errorNode = new CUgraphNode(different?.Handle ?? 0);
        }
        return resultInfo->result == CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
    }

    /// <summary>The handle's value is the graph's to begin with at each launch, if the flag says so.</summary>
    public override CUresult cuGraphConditionalHandleCreate(ulong* pHandle_out, CUgraph hGraph, CUcontext ctx, uint defaultLaunchValue, uint flags)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (FindContextOrCurrent(ctx, out _) is not CUDA_SUCCESS and var noContext)
        {
            return noContext;
        }
        if (pHandle_out == null || flags > 1 || (flags == 0 && defaultLaunchValue != 0))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        ulong handle = NextId();
        lock (graph.Gate)
        {
            graph.Conditions.Add(handle, flags == 1 ? defaultLaunchValue : null);
        }
        *pHandle_out = handle;
        return CUDA_SUCCESS;
    }

    private static bool MayBeDisabled(CUgraphNodeType type) => type is CUgraphNodeType.CU_GRAPH_NODE_TYPE_KERNEL
        or CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMCPY or CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMSET;

    private CUresult SetChild(GraphInstance instance, CUgraphNode hNode, CUgraph childGraph)
    {
        if (EnterGraph(childGraph, out DriverGraph child) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        EnterNode(hNode, out GraphNode node);
        lock (instance)
        {
            return instance.UpdateChild(node, child) == CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
        }
    }

    private static void EndLaunch(GraphInstance instance)
    {
        lock (instance)
        {
            instance.Launches--;
            instance.DisposeIfIdle();
        }
    }

    private CUresult EnterInstance(CUgraphExec hGraphExec, out GraphInstance instance) => Find(hGraphExec.Value, out instance) switch
    {
        CUDA_ERROR_INVALID_HANDLE => CUDA_ERROR_INVALID_VALUE,
        CUresult result => result,
    };

    private CUresult EnterInstanceNode(CUgraphExec hGraphExec, CUgraphNode hNode, out GraphInstance instance, out InstanceNode node)
    {
        node = null!;
        if (EnterInstance(hGraphExec, out instance) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterNode(hNode, out GraphNode original) is not CUDA_SUCCESS and var noNode)
        {
            return noNode;
        }
        node = instance.Find(original)!;
        return node is null ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    }
}
