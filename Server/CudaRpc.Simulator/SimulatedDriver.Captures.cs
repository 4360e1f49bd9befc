using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using static CudaRpc.Driver.CUstreamCaptureMode;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const uint ExternalEvent = 1; // CU_EVENT_RECORD_EXTERNAL, CU_EVENT_WAIT_EXTERNAL
    private const uint SetDependencies = 1; // CU_STREAM_SET_CAPTURE_DEPENDENCIES

    private readonly HashSet<StreamCapture> _captures = []; // Guarded by itself.
    private int _captureCount;

    /// <summary>Captures under way.</summary>
    internal int CaptureCount => Volatile.Read(ref _captureCount); // Pairs with the writes under the lock of _captures.

    /// <inheritdoc/>
    public override CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode) =>
        BeginCapture(hStream, null, [], mode);

    /// <summary>What the stream is given is added to a graph that exists, behind the nodes given.</summary>
    public override CUresult cuStreamBeginCaptureToGraph(
        CUstream hStream, CUgraph hGraph, CUgraphNode* dependencies, CUgraphEdgeData* dependencyData, nuint numDependencies,
        CUstreamCaptureMode mode)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = ReadDependencies(graph, dependencies, dependencyData, numDependencies, out GraphEdgeEnd[] ends);
        return result == CUDA_SUCCESS ? BeginCapture(hStream, graph, ends, mode) : result;
    }

    /// <inheritdoc/>
    public override CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phGraph == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *phGraph = default;
        if (stream.Capture is not { } capture)
        {
            return CUDA_ERROR_ILLEGAL_STATE;
        }
        if (capture.Origin != stream)
        {
            return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
        }
        if (capture.Mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture.Thread != Environment.CurrentManagedThreadId)
        {
            return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
        }
        CUresult result = capture.IsInvalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED
            : capture.IsJoined ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
        EndCapture(capture);
        bool isOwn = _handles.TryGet(capture.Graph.Handle, out DriverGraph? _);
        if (result == CUDA_SUCCESS)
        {
            *phGraph = new CUgraph(capture.Graph.Handle);
        }
        else if (isOwn && !capture.Graph.IsCaptured)
        {
            DestroyGraph(capture.Graph);
        }
        capture.Graph.IsCaptured = false;
        return result;
    }

    /// <summary>Each of the results may be left out.</summary>
    public override CUresult cuStreamGetCaptureInfo_v3(
        CUstream hStream, CUstreamCaptureStatus* captureStatus_out, ulong* id_out, CUgraph* graph_out, CUgraphNode** dependencies_out,
        CUgraphEdgeData** edgeData_out, nuint* numDependencies_out)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (captureStatus_out == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (stream == stream.Context.LegacyStream && stream.Context.HasImplicitCaptures)
        {
            return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
        if (stream.Capture is not { } capture)
        {
            *captureStatus_out = CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE;
            return CUDA_SUCCESS;
        }
        *captureStatus_out = capture.IsInvalid
            ? CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_INVALIDATED
            : CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE;
        if (capture.IsInvalid)
        {
            return CUDA_SUCCESS;
        }
        if (id_out != null)
        {
            *id_out = capture.Id;
        }
        if (graph_out != null)
        {
            *graph_out = new CUgraph(capture.Graph.Handle);
        }
        if (dependencies_out != null || edgeData_out != null || numDependencies_out != null)
        {
            int count = capture.Show(stream, out nint* handles, out CUgraphEdgeData* data);
            if (dependencies_out != null)
            {
                *dependencies_out = (CUgraphNode*)handles;
            }
            if (edgeData_out != null)
            {
                *edgeData_out = data;
            }
            if (numDependencies_out != null)
            {
                *numDependencies_out = (nuint)count;
            }
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuStreamUpdateCaptureDependencies_v2(
        CUstream hStream, CUgraphNode* dependencies, CUgraphEdgeData* dependencyData, nuint numDependencies, uint flags)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (flags > SetDependencies)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (stream.Capture is not { } capture)
        {
            return CUDA_ERROR_ILLEGAL_STATE;
        }
        if (capture.IsInvalid)
        {
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        CUresult result = ReadDependencies(capture.Graph, dependencies, dependencyData, numDependencies, out GraphEdgeEnd[] ends);
        if (result == CUDA_SUCCESS)
        {
            capture.Set(stream, flags == SetDependencies ? ends : [.. capture.Ends(stream).Union(ends)]);
        }
        return result;
    }

    /// <summary>
    /// Whether the calling thread may do what could wait for captured work behind the program's back: allocate, free. Not while somebody
    /// captures for all threads, or this thread for itself, unless the thread has said that it knows.
    /// </summary>
    internal CUresult RefuseWhileCapturing()
    {
        if (CaptureCount == 0)
        {
            return CUDA_SUCCESS;
        }
        CUstreamCaptureMode own = _captureMode.Value;
        if (own == CU_STREAM_CAPTURE_MODE_RELAXED)
        {
            return CUDA_SUCCESS;
        }
        lock (_captures)
        {
            foreach (StreamCapture capture in _captures)
            {
                bool isOwn = capture.Thread == Environment.CurrentManagedThreadId;
                if ((isOwn && capture.Mode != CU_STREAM_CAPTURE_MODE_RELAXED)
                    || (capture.Mode == CU_STREAM_CAPTURE_MODE_GLOBAL && own == CU_STREAM_CAPTURE_MODE_GLOBAL))
                {
                    capture.Invalidate();
                    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
                }
            }
        }
        return CUDA_SUCCESS;
    }

    private CUresult BeginCapture(CUstream hStream, DriverGraph? graph, GraphEdgeEnd[] ends, CUstreamCaptureMode mode)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (mode > CU_STREAM_CAPTURE_MODE_RELAXED)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (stream == stream.Context.LegacyStream)
        {
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        if (stream.Capture is { } already)
        {
            already.Invalidate();
            return CUDA_ERROR_ILLEGAL_STATE;
        }
        if (graph is null)
        {
            graph = new DriverGraph();
            graph.Handle = _handles.Add(graph);
            if (graph.Handle == 0)
            {
                return CUDA_ERROR_OUT_OF_MEMORY;
            }
        }
        else
        {
            graph.IsCaptured = true;
        }
        var capture = new StreamCapture(graph, stream, mode, Environment.CurrentManagedThreadId, NextId()) { Name = Name };
        capture.Set(stream, ends);
        lock (_captures)
        {
            _captures.Add(capture);
            Volatile.Write(ref _captureCount, _captures.Count); // Pairs with CaptureCount.
        }
        return CUDA_SUCCESS;
    }

    private void EndCapture(StreamCapture capture)
    {
        capture.End();
        lock (_captures)
        {
            _captures.Remove(capture);
            Volatile.Write(ref _captureCount, _captures.Count); // Pairs with CaptureCount.
        }
        capture.Dispose();
    }

    /// <summary>Waiting for a captured stream, or asking whether it is done, makes no sense and ends the capture.</summary>
    private CUresult RefuseCaptured(DriverStream stream)
    {
        if (stream.Capture is { } capture)
        {
            capture.Invalidate();
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        return stream == stream.Context.LegacyStream && stream.Context.InvalidateImplicitCaptures()
            ? CUDA_ERROR_STREAM_CAPTURE_IMPLICIT
            : CUDA_SUCCESS;
    }

    private static CUresult RecordCaptured(StreamCapture capture, DriverStream stream, DriverEvent target, nint handle, uint flags)
    {
        if (flags > ExternalEvent)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (flags == ExternalEvent)
        {
            return capture.Add(stream, new EventRecordContent(target, handle), out _);
        }
        if (capture.IsInvalid)
        {
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        target.Captured = new CapturedRecording(capture, capture.Ends(stream));
        return CUDA_SUCCESS;
    }

    private static CUresult WaitCaptured(DriverStream stream, DriverEvent target, nint handle, uint flags)
    {
        if (flags > ExternalEvent)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (flags == ExternalEvent)
        {
            return stream.Capture is { } capturing
                ? capturing.Add(stream, new EventWaitContent(target, handle), out _)
                : CUDA_ERROR_INVALID_VALUE;
        }
        if (target.Captured is not { } recorded)
        {
            // An event from outside: nodes can wait only for nodes.
            stream.Capture!.Invalidate();
            return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
        }
        if (recorded.Capture.HasEnded)
        {
            return CUDA_ERROR_CAPTURED_EVENT;
        }
        if (recorded.Capture.IsInvalid)
        {
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        if (stream == stream.Context.LegacyStream)
        {
            recorded.Capture.Invalidate();
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        if (stream.Capture is { } capture && capture != recorded.Capture)
        {
            capture.Invalidate();
            recorded.Capture.Invalidate();
            return CUDA_ERROR_STREAM_CAPTURE_MERGE;
        }
        recorded.Capture.Set(stream, [.. recorded.Capture.Ends(stream).Union(recorded.Ends)]);
        return CUDA_SUCCESS;
    }
}
