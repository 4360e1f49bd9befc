using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Stream capture: the driver captures what the lane's thread does in the stream, as it would on the client.
internal static unsafe partial class Custom
{
    public static void cuStreamEndCapture(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        if (!call.Begin())
        {
            return;
        }

        CUgraph graph = default;
        CUresult status = driver.cuStreamEndCapture(stream, &graph);
        bool goesOn = status is CUresult.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED or CUresult.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
        if (!goesOn && call.TryReportFailure())
        {
            // What failed may be missing from the graph: nobody gets it. One that the client has a handle of stays the client's.
            if (status == CUresult.CUDA_SUCCESS && graph.Value != 0 && call.Session.Handles.Find(HandleKind.CUgraph, graph.Value) == 0)
            {
                driver.cuGraphDestroy(graph);
            }

            return;
        }

        if (call.Reply(status))
        {
            call.WriteHandle(HandleKind.CUgraph, graph.Value, 0);
        }
    }

    public static void cuStreamGetCaptureInfo_v3(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        if (!call.Begin())
        {
            return;
        }

        CUstreamCaptureStatus state;
        ulong id = 0;
        CUgraph graph = default;
        CUgraphNode* nodes = null;
        CUgraphEdgeData* edges = null;
        nuint count = 0;
        CUresult status = driver.cuStreamGetCaptureInfo_v3(stream, &state, &id, &graph, &nodes, &edges, &count);
        if (!call.Reply(status))
        {
            return;
        }

        if (state != CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE)
        {
            (id, graph, count) = (0, default, 0);
        }

        call.Write((uint)state);
        call.Write(id);
        call.WriteHandle(HandleKind.CUgraph, graph.Value, 0);
        call.WriteHandles(HandleKind.CUgraphNode, new ReadOnlySpan<nint>(nodes, (int)count), call.Session.Handles.Find(HandleKind.CUgraph, graph.Value));
        CUgraphEdgeData* data = call.Scratch<CUgraphEdgeData>(count);
        if (edges != null)
        {
            new ReadOnlySpan<CUgraphEdgeData>(edges, (int)count).CopyTo(new Span<CUgraphEdgeData>(data, (int)count));
        }

        call.WriteArray(data, count);
    }

    public static void cuStreamUpdateCaptureDependencies_v2(CudaDriver driver, ref ServerCall call)
    {
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        nint* nodes = call.ReadHandles(HandleKind.CUgraphNode, out nuint count, optional: true);
        CUgraphEdgeData* edges = call.ReadArray<CUgraphEdgeData>(out nuint edgeCount, optional: true);
        nuint announced = call.ReadNUInt();
        uint flags = call.ReadUInt32();
        if (count != announced || (edges != null && edgeCount != count))
        {
            call.Malformed($"{count} dependencies and {edgeCount} edges where {announced} are announced");
        }

        if (!call.Begin())
        {
            return;
        }

        call.Reply(driver.cuStreamUpdateCaptureDependencies_v2(stream, (CUgraphNode*)nodes, edges, count, flags));
    }
}
