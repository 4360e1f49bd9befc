using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Graphs and what is instantiated from them. Nodes that the client has not made itself get ids here when they are first listed.
internal static unsafe partial class Custom
{
    public static void cuGraphDestroy(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.ReadHandle(HandleKind.CUgraph, out nint id);
        if (!call.Begin())
        {
            return;
        }

        call.Session.Graphs.ForgetGraph(native);
        CUresult status = driver.cuGraphDestroy(new CUgraph(native));
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Release(id);
        }

        call.Reply(status);
    }

    public static void cuGraphDestroyNode(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.ReadHandle(HandleKind.CUgraphNode, out nint id);
        if (!call.Begin())
        {
            return;
        }

        CUgraph inner = default;
        CUgraphNodeType type;
        if (driver.cuGraphNodeGetType(new CUgraphNode(native), &type) == CUresult.CUDA_SUCCESS && type == CUgraphNodeType.CU_GRAPH_NODE_TYPE_GRAPH)
        {
            driver.cuGraphChildGraphNodeGetGraph(new CUgraphNode(native), &inner);
        }

        CUresult status = driver.cuGraphDestroyNode(new CUgraphNode(native));
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Release(id);
            call.Release(call.Session.Handles.Find(HandleKind.CUgraph, inner.Value));
        }

        call.Reply(status);
    }

    public static void cuGraphGetNodes(CudaDriver driver, ref ServerCall call) => List(ref call, driver.cuGraphGetNodes);

    public static void cuGraphGetRootNodes(CudaDriver driver, ref ServerCall call) => List(ref call, driver.cuGraphGetRootNodes);

    public static void cuGraphGetEdges_v2(CudaDriver driver, ref ServerCall call)
    {
        var graph = new CUgraph(call.ReadHandle(HandleKind.CUgraph, out nint id));
        if (!call.Begin())
        {
            return;
        }

        nuint count = 0;
        CUresult status = driver.cuGraphGetEdges_v2(graph, null, null, null, &count);
        CUgraphNode* from = call.Scratch<CUgraphNode>(count), to = call.Scratch<CUgraphNode>(count);
        CUgraphEdgeData* data = call.Scratch<CUgraphEdgeData>(count);
        status = status == CUresult.CUDA_SUCCESS && count > 0 ? driver.cuGraphGetEdges_v2(graph, from, to, data, &count) : status;
        ReplyEdges(ref call, status, from, to, data, count, id);
    }

    public static void cuGraphNodeGetDependencies_v2(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, out nint id));
        if (!call.Begin())
        {
            return;
        }

        nuint count = 0;
        CUresult status = driver.cuGraphNodeGetDependencies_v2(node, null, null, &count);
        CUgraphNode* nodes = call.Scratch<CUgraphNode>(count), self = call.Scratch<CUgraphNode>(count);
        CUgraphEdgeData* data = call.Scratch<CUgraphEdgeData>(count);
        status = status == CUresult.CUDA_SUCCESS && count > 0 ? driver.cuGraphNodeGetDependencies_v2(node, nodes, data, &count) : status;
        new Span<CUgraphNode>(self, (int)count).Fill(node);
        ReplyEdges(ref call, status, nodes, self, data, count, call.Session.Handles.ParentOf(id));
    }

    public static void cuGraphNodeGetDependentNodes_v2(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, out nint id));
        if (!call.Begin())
        {
            return;
        }

        nuint count = 0;
        CUresult status = driver.cuGraphNodeGetDependentNodes_v2(node, null, null, &count);
        CUgraphNode* nodes = call.Scratch<CUgraphNode>(count), self = call.Scratch<CUgraphNode>(count);
        CUgraphEdgeData* data = call.Scratch<CUgraphEdgeData>(count);
        status = status == CUresult.CUDA_SUCCESS && count > 0 ? driver.cuGraphNodeGetDependentNodes_v2(node, nodes, data, &count) : status;
        new Span<CUgraphNode>(self, (int)count).Fill(node);
        ReplyEdges(ref call, status, self, nodes, data, count, call.Session.Handles.ParentOf(id));
    }

    public static void cuGraphNodeFindInClone(CudaDriver driver, ref ServerCall call)
    {
        var original = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        var clone = new CUgraph(call.ReadHandle(HandleKind.CUgraph, out nint id));
        if (!call.Begin())
        {
            return;
        }

        CUgraphNode found;
        if (call.Reply(driver.cuGraphNodeFindInClone(&found, original, clone)))
        {
            call.WriteHandle(HandleKind.CUgraphNode, found.Value, id);
        }
    }

    public static void cuGraphInstantiateWithParams(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUgraphExec);
        nint graph = call.ReadHandle(HandleKind.CUgraph, out nint graphId);
        var parameters = new CUDA_GRAPH_INSTANTIATE_PARAMS
        {
            flags = call.ReadUInt64(),
            hUploadStream = new CUstream(call.ReadHandle(HandleKind.CUstream, optional: true)),
        };
        if (!call.Begin())
        {
            return;
        }

        CUgraphExec instance;
        CUresult status = driver.cuGraphInstantiateWithParams(&instance, new CUgraph(graph), &parameters);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.Graphs.ForgetInstance(instance.Value);
            GraphHosts hosts = call.Session.Graphs;
            nint made = instance.Value;
            hosts.Include(() => hosts.OfInstance(made), graph);
            call.Bind(id, instance.Value);
        }

        call.Reply(CUresult.CUDA_SUCCESS);
        call.Write((uint)status);
        call.Write((uint)parameters.result_out);
        call.WriteHandle(HandleKind.CUgraphNode, status == CUresult.CUDA_SUCCESS ? 0 : parameters.hErrNode_out.Value, graphId);
    }

    public static void cuGraphExecUpdate_v2(CudaDriver driver, ref ServerCall call)
    {
        nint instance = call.ReadHandle(HandleKind.CUgraphExec);
        nint graph = call.ReadHandle(HandleKind.CUgraph, out nint graphId);
        if (!call.Begin())
        {
            return;
        }

        CUgraphExecUpdateResultInfo_v1 info;
        CUresult status = driver.cuGraphExecUpdate_v2(new CUgraphExec(instance), new CUgraph(graph), &info);
        if (status == CUresult.CUDA_SUCCESS)
        {
            GraphHosts hosts = call.Session.Graphs;
            hosts.ForgetInstance(instance);
            hosts.Include(() => hosts.OfInstance(instance), graph);
        }

        call.Reply(CUresult.CUDA_SUCCESS);
        call.Write((uint)status);
        call.Write((uint)info.result);
        call.WriteHandle(HandleKind.CUgraphNode, info.errorNode.Value, graphId);
        call.WriteHandle(HandleKind.CUgraphNode, info.errorFromNode.Value, graphId);
    }

    public static void cuGraphExecDestroy(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.ReadHandle(HandleKind.CUgraphExec, out nint id);
        if (!call.Begin())
        {
            return;
        }

        call.Session.Graphs.ForgetInstance(native);
        CUresult status = driver.cuGraphExecDestroy(new CUgraphExec(native));
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Release(id);
        }

        call.Reply(status);
    }

    public static void cuGraphLaunch(CudaDriver driver, ref ServerCall call)
    {
        nint instance = call.ReadHandle(HandleKind.CUgraphExec);
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream, optional: true));
        if (!call.Begin())
        {
            return;
        }

        if (call.Session.Graphs.FindInstance(instance) is not GraphHost { IsEmpty: false } host)
        {
            call.Reply(driver.cuGraphLaunch(new CUgraphExec(instance), stream));
            return;
        }

        CUresult status = driver.cuLaunchHostFunc(stream, &PullGraph, host.UserData);
        status = status == CUresult.CUDA_SUCCESS ? driver.cuGraphLaunch(new CUgraphExec(instance), stream) : status;
        call.Reply(status == CUresult.CUDA_SUCCESS ? driver.cuLaunchHostFunc(stream, &PushGraph, host.UserData) : status);
    }

    public static void cuGraphDebugDotPrint(CudaDriver driver, ref ServerCall call)
    {
        var graph = new CUgraph(call.ReadHandle(HandleKind.CUgraph));
        uint flags = call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        // The driver writes a file of this machine; its text goes to the client, which writes the program's.
        string file = Path.GetTempFileName();
        try
        {
            CUresult status;
            fixed (byte* path = System.Text.Encoding.UTF8.GetBytes(file + '\0'))
            {
                status = driver.cuGraphDebugDotPrint(graph, path, flags);
            }

            if (call.Reply(status))
            {
                fixed (byte* text = File.ReadAllBytes(file))
                {
                    call.WriteArray(text, (nuint)new FileInfo(file).Length);
                }
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void List(ref ServerCall call, ListNodes list)
    {
        var graph = new CUgraph(call.ReadHandle(HandleKind.CUgraph, out nint id));
        if (!call.Begin())
        {
            return;
        }

        nuint count = 0;
        CUresult status = list(graph, null, &count);
        CUgraphNode* nodes = call.Scratch<CUgraphNode>(count);
        status = status == CUresult.CUDA_SUCCESS && count > 0 ? list(graph, nodes, &count) : status;
        if (call.Reply(status))
        {
            call.WriteHandles(HandleKind.CUgraphNode, new ReadOnlySpan<nint>(nodes, (int)count), id);
        }
    }

    private static void ReplyEdges(
        ref ServerCall call, CUresult status, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data, nuint count, nint graph)
    {
        if (call.Reply(status))
        {
            call.WriteHandles(HandleKind.CUgraphNode, new ReadOnlySpan<nint>(from, (int)count), graph);
            call.WriteHandles(HandleKind.CUgraphNode, new ReadOnlySpan<nint>(to, (int)count), graph);
            call.WriteArray(data, count);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void PullGraph(void* userData) => GraphHost.Of(userData).Pull();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void PushGraph(void* userData) => GraphHost.Of(userData).Push();

    private delegate CUresult ListNodes(CUgraph graph, CUgraphNode* nodes, nuint* count);
}
