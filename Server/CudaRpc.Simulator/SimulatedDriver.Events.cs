using System.Diagnostics;
using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const uint EventFlags =
        (uint)(CUevent_flags.CU_EVENT_BLOCKING_SYNC | CUevent_flags.CU_EVENT_DISABLE_TIMING | CUevent_flags.CU_EVENT_INTERPROCESS);

    /// <summary>An event between processes has no timing.</summary>
    public override CUresult cuEventCreate(CUevent* phEvent, uint Flags)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phEvent == null || (Flags & ~EventFlags) != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if ((Flags & (uint)CUevent_flags.CU_EVENT_INTERPROCESS) != 0 && (Flags & (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING) == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nint handle = _handles.Add(new DriverEvent(context, Flags));
        if (handle == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        *phEvent = new CUevent(handle);
        return CUDA_SUCCESS;
    }

    /// <summary>Work that waits for the event goes on waiting for the place it marked.</summary>
    public override CUresult cuEventDestroy_v2(CUevent hEvent)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _handles.Remove(hEvent.Value, out DriverEvent? removed) ? removed.Context.Fault : CUDA_ERROR_INVALID_HANDLE;
    }

    /// <inheritdoc/>
    public override CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => cuEventRecordWithFlags(hEvent, hStream, 0);

    /// <inheritdoc/>
    public override CUresult cuEventRecordWithFlags(CUevent hEvent, CUstream hStream, uint flags)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Find(hEvent.Value, out DriverEvent target) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        if (target.Context != stream.Context)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream.Capture is { } capture)
        {
            return RecordCaptured(capture, stream, target, hEvent.Value, flags);
        }
        if (flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE; // CU_EVENT_RECORD_EXTERNAL is for captured streams.
        }
        var recording = new EventRecording();
        if (stream.Context.SubmitShort(stream, new RecordWork(recording), out StreamPoint point) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        recording.Point = point;
        target.Recording = recording;
        target.Captured = null;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuEventQuery(CUevent hEvent)
    {
        if (EnterEvent(hEvent, out DriverEvent target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (target.Captured is { } captured)
        {
            captured.Capture.Invalidate();
            return CUDA_ERROR_CAPTURED_EVENT;
        }
        return target.Recording is { Point.IsReached: false } ? CUDA_ERROR_NOT_READY : target.Context.Fault;
    }

    /// <inheritdoc/>
    public override CUresult cuEventSynchronize(CUevent hEvent)
    {
        if (EnterEvent(hEvent, out DriverEvent target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (target.Captured is { } captured)
        {
            captured.Capture.Invalidate();
            return CUDA_ERROR_CAPTURED_EVENT;
        }
        target.Recording?.Point.Wait();
        TrimPools();
        return target.Context.Fault;
    }

    /// <summary>Milliseconds of this machine's clock between the two places; of the timing model where there is one.</summary>
    public override CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd)
    {
        if (EnterEvent(hStart, out DriverEvent start) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterEvent(hEnd, out DriverEvent end) is not CUDA_SUCCESS and var endError)
        {
            return endError;
        }
        if (pMilliseconds == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!start.HasTiming || !end.HasTiming || start.Context != end.Context
            || start.Recording is not { } first || end.Recording is not { } last)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (!first.Point.IsReached || !last.Point.IsReached)
        {
            return CUDA_ERROR_NOT_READY;
        }
        double frequency = start.Context.Device.Timing is null ? Stopwatch.Frequency : 1e9;
        *pMilliseconds = (float)((last.Timestamp - first.Timestamp) * 1000.0 / frequency);
        return start.Context.Fault;
    }

    /// <inheritdoc/>
    public override CUresult cuEventElapsedTime_v2(float* pMilliseconds, CUevent hStart, CUevent hEnd) =>
        cuEventElapsedTime(pMilliseconds, hStart, hEnd);

    private CUresult EnterEvent(CUevent hEvent, out DriverEvent target) =>
        Find(hEvent.Value, out target) is not CUDA_SUCCESS and var error ? error : target.Context.Fault;
}
