using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Calls by which a capture begins and spreads from stream to stream: sent like any other, and noted.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode)
    {
        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamBeginCapture_v2);
            call.WriteHandle(hStream.Value);
            call.Write((uint)mode);
            return Began(hStream, ref call);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamBeginCapture_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamBeginCaptureToGraph(
        CUstream hStream, CUgraph hGraph, CUgraphNode* dependencies, CUgraphEdgeData* dependencyData, nuint numDependencies,
        CUstreamCaptureMode mode)
    {
        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (CheckGraph(hGraph) is var checkGraph and not CUresult.CUDA_SUCCESS)
        {
            return checkGraph;
        }

        if (CheckNodes(dependencies, numDependencies) is var checkNodes and not CUresult.CUDA_SUCCESS)
        {
            return checkNodes;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamBeginCaptureToGraph);
            call.WriteHandle(hStream.Value);
            call.WriteHandle(hGraph.Value);
            WriteDependencies(ref call, dependencies, dependencyData, numDependencies);
            call.Write((uint)mode);
            return Began(hStream, ref call);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamBeginCaptureToGraph, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamUpdateCaptureDependencies_v2(
        CUstream hStream, CUgraphNode* dependencies, CUgraphEdgeData* dependencyData, nuint numDependencies, uint flags)
    {
        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (CheckNodes(dependencies, numDependencies) is var checkNodes and not CUresult.CUDA_SUCCESS)
        {
            return checkNodes;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamUpdateCaptureDependencies_v2);
            call.WriteHandle(hStream.Value);
            WriteDependencies(ref call, dependencies, dependencyData, numDependencies);
            call.Write(flags);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamUpdateCaptureDependencies_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, uint Flags)
    {
        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (Handles.Check(hEvent.Value, HandleKind.CUevent) is var checkEvent and not CUresult.CUDA_SUCCESS)
        {
            return checkEvent;
        }

        if (FaultOf(hStream) is CUresult fault)
        {
            return fault;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamWaitEvent);
            call.WriteHandle(hStream.Value);
            call.WriteHandle(hEvent.Value);
            call.Write(Flags);
            _captures.Wait(hStream.Value, hEvent.Value, Current.Value);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamWaitEvent, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => Record(CallId.cuEventRecord, hEvent, hStream, null);

    /// <inheritdoc/>
    public override CUresult cuEventRecordWithFlags(CUevent hEvent, CUstream hStream, uint flags) =>
        Record(CallId.cuEventRecordWithFlags, hEvent, hStream, &flags);

    private CUresult Record(uint callId, CUevent mark, CUstream stream, uint* flags)
    {
        if (Handles.Check(mark.Value, HandleKind.CUevent) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (Handles.Check(stream.Value, HandleKind.CUstream) is var checkStream and not CUresult.CUDA_SUCCESS)
        {
            return checkStream;
        }

        if (FaultOf(stream) is CUresult fault)
        {
            return fault;
        }

        if (IsForeign(Handles.Find(mark.Value)?.Parent ?? 0, stream))
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle(mark.Value);
            call.WriteHandle(stream.Value);
            if (flags != null)
            {
                call.Write(*flags);
            }

            _captures.Record(mark.Value, stream.Value, Current.Value);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    private CUresult Began(CUstream stream, ref Call call)
    {
        CUresult status = call.Invoke();
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.End();
            _captures.Begin(stream.Value, Current.Value);
        }

        return status;
    }
}
