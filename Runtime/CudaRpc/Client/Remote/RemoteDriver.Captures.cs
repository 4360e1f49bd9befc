using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Stream capture. What refers to the program's memory or functions is added to the captured graph as a node, by the functions that a program
// would use for it; everything else is captured by the server's driver.
public sealed unsafe partial class RemoteDriver
{
    private readonly CaptureTracker _captures = new();

    // What cuStreamGetCaptureInfo gave pointers to: valid until the thread's next call of it.
    private readonly ThreadLocal<(nint[] Nodes, CUgraphEdgeData[] Edges)> _captureInfo = new();

    /// <inheritdoc/>
    public override CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph)
    {
        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (phGraph == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamEndCapture);
            call.WriteHandle(hStream.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                *phGraph = new CUgraph(call.ReadHandle(HandleKind.CUgraph, 0));
                call.End();
            }
            else
            {
                *phGraph = default;
            }

            if (status is not (CUresult.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED or CUresult.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD))
            {
                _captures.End(hStream.Value, Current.Value);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamEndCapture, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamGetCaptureInfo_v3(
        CUstream hStream, CUstreamCaptureStatus* captureStatus_out, ulong* id_out, CUgraph* graph_out, CUgraphNode** dependencies_out,
        CUgraphEdgeData** edgeData_out, nuint* numDependencies_out)
    {
        if (captureStatus_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamGetCaptureInfo_v3);
            call.WriteHandle(hStream.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                *captureStatus_out = (CUstreamCaptureStatus)call.ReadUInt32();
                ulong id = call.ReadUInt64();
                var graph = new CUgraph(call.ReadHandle(HandleKind.CUgraph, 0));
                nint[] nodes = Pinned(call.ReadHandles(HandleKind.CUgraphNode, graph.Value));
                CUgraphEdgeData[] edges = GC.AllocateArray<CUgraphEdgeData>(Math.Max(nodes.Length, 1), pinned: true);
                fixed (CUgraphEdgeData* start = edges)
                {
                    call.ReadArray(start, (nuint)edges.Length);
                }

                call.End();
                _captureInfo.Value = (nodes, edges);
                if (*captureStatus_out == CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE)
                {
                    Give(id_out, id);
                    Give(graph_out, graph);
                    Give(numDependencies_out, (nuint)nodes.Length);
                    // SAFETY: both arrays are pinned, and kept until the thread's next call.
                    if (dependencies_out != null)
                    {
                        *dependencies_out = (CUgraphNode*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(nodes));
                    }

                    if (edgeData_out != null)
                    {
                        *edgeData_out = (CUgraphEdgeData*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(edges));
                    }
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamGetCaptureInfo_v3, failure);
        }
    }

    private bool IsCaptured(CUstream stream) => _captures.IsCaptured(stream.Value, Current.Value);

    /// <summary>Adds a node to the graph that the stream is captured into, behind what the stream has so far.</summary>
    private CUresult Capture(CUstream stream, ref CUgraphNodeParams parameters)
    {
        CUstreamCaptureStatus state;
        CUgraph graph;
        CUgraphNode* dependencies;
        CUgraphEdgeData* edges;
        nuint count;
        CUresult status = cuStreamGetCaptureInfo_v3(stream, &state, null, &graph, &dependencies, &edges, &count);
        if (status != CUresult.CUDA_SUCCESS || state != CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE)
        {
            return status != CUresult.CUDA_SUCCESS ? status : CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }

        CUgraphNode node;
        fixed (CUgraphNodeParams* any = &parameters)
        {
            status = cuGraphAddNode_v2(&node, graph, dependencies, IsPlain(edges, count) ? null : edges, count, any);
        }

        const uint Set = 1; // CU_STREAM_SET_CAPTURE_DEPENDENCIES
        return status == CUresult.CUDA_SUCCESS ? cuStreamUpdateCaptureDependencies_v2(stream, &node, null, 1, Set) : status;
    }

    private CUresult CaptureCopy(CUstream stream, in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        var any = new CUgraphNodeParams { type = CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMCPY };
        CUDA_MEMCPY3D_PEER_v1 plain = copy;
        // SAFETY: the same structure, with contexts where the plain one has reserved fields.
        any.memcpy.copyParams = *(CUDA_MEMCPY3D_v2*)&plain;
        any.memcpy.copyCtx = Current;
        return Capture(stream, ref any);
    }

    private static bool IsPlain(CUgraphEdgeData* edges, nuint count)
    {
        for (nuint index = 0; index < count; index++)
        {
            if (edges[index] is not { from_port: 0, to_port: 0, type: 0 })
            {
                return false;
            }
        }

        return true;
    }

    private static nint[] Pinned(nint[] values)
    {
        nint[] pinned = GC.AllocateUninitializedArray<nint>(Math.Max(values.Length, 1), pinned: true);
        values.CopyTo(pinned, 0);
        return values.Length == 0 ? [] : pinned;
    }

    private static void Give<T>(T* destination, T value)
        where T : unmanaged
    {
        if (destination != null)
        {
            *destination = value;
        }
    }
}
