using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    // Values that stand for streams every context has: 0 and 1 the legacy default stream, 2 the calling thread's own.
    private const nint LegacyStream = 1, ThreadStream = 2;

    private readonly ThreadLocal<CUstreamCaptureMode> _captureMode = new();

    /// <inheritdoc/>
    public override CUresult cuStreamCreate(CUstream* phStream, uint Flags) => cuStreamCreateWithPriority(phStream, Flags, 0);

    /// <summary>A priority outside the device's range means the nearest one within; the simulator runs all alike.</summary>
    public override CUresult cuStreamCreateWithPriority(CUstream* phStream, uint flags, int priority)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phStream == null || flags > (uint)CUstream_flags.CU_STREAM_NON_BLOCKING)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return NewStream(context, flags, priority, CurrentGreen, phStream);
    }

    /// <summary>Returns at once; what is queued in the stream still runs.</summary>
    public override CUresult cuStreamDestroy_v2(CUstream hStream)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove(hStream.Value, out DriverStream? stream))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        stream.Capture?.Invalidate();
        stream.Context.DestroyStream(stream);
        return stream.Context.Fault;
    }

    /// <inheritdoc/>
    public override CUresult cuStreamQuery(CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (RefuseCaptured(stream) is not CUDA_SUCCESS and var captured)
        {
            return captured;
        }
        return stream.Context.IsIdle(stream) ? stream.Context.Fault : CUDA_ERROR_NOT_READY;
    }

    /// <inheritdoc/>
    public override CUresult cuStreamSynchronize(CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (RefuseCaptured(stream) is not CUDA_SUCCESS and var captured)
        {
            return captured;
        }
        stream.Context.Synchronize(stream);
        TrimPools();
        return stream.Context.Fault;
    }

    /// <summary>The event may be of any context. One that was never recorded is waited for by nobody.</summary>
    public override CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, uint Flags)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Find(hEvent.Value, out DriverEvent target) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        if (stream.Capture is not null || target.Captured is not null)
        {
            return WaitCaptured(stream, target, hEvent.Value, Flags);
        }
        if (Flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE; // CU_EVENT_WAIT_EXTERNAL is for captured streams.
        }
        if (target.Recording is not { Point.IsReached: false } recording)
        {
            return CUDA_SUCCESS;
        }
        var wait = new WaitWork();
        wait.StartAfter(recording.Point);
        return Submitted(stream.Context.SubmitShort(stream, wait, out _));
    }

    /// <inheritdoc/>
    public override CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx) =>
        EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error
            ? error
            : Give(pctx, new CUcontext(GreenOf(hStream, stream)?.ContextHandle ?? stream.Context.Handle));

    /// <inheritdoc/>
    public override CUresult cuStreamGetDevice(CUstream hStream, int* device) =>
        EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error
            ? error
            : Give(device, stream.Context.Device.Ordinal);

    /// <inheritdoc/>
    public override CUresult cuStreamGetFlags(CUstream hStream, uint* flags) =>
        EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error ? error : Give(flags, stream.Flags);

    /// <inheritdoc/>
    public override CUresult cuStreamGetPriority(CUstream hStream, int* priority) =>
        EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error ? error : Give(priority, stream.Priority);

    /// <inheritdoc/>
    public override CUresult cuStreamGetId(CUstream hStream, ulong* streamId) =>
        EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error ? error : Give(streamId, stream.Id);

    /// <summary>Each thread has its own.</summary>
    public override CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (mode == null || *mode > CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        (*mode, _captureMode.Value) = (_captureMode.Value, *mode);
        return CUDA_SUCCESS;
    }

    /// <summary>The callback gets the context's error if there is one.</summary>
    public override CUresult cuStreamAddCallback(
        CUstream hStream, delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, void* userData, uint flags)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return callback == null || flags != 0
            ? CUDA_ERROR_INVALID_VALUE
            : Submitted(stream.Context.Submit(stream, new CallbackWork(callback, hStream, userData), out _));
    }

    /// <summary>The function is not called if the context fails before its turn.</summary>
    public override CUresult cuLaunchHostFunc(CUstream hStream, delegate* unmanaged[Cdecl]<void*, void> fn, void* userData)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return fn == null ? CUDA_ERROR_INVALID_VALUE : Submitted(stream.Context.Submit(stream, new HostWork(fn, userData), out _));
    }

    private CUresult NewStream(DriverContext context, uint flags, int priority, DriverGreenContext? green, CUstream* phStream)
    {
        DriverStream stream = context.CreateStream(
            flags, Math.Clamp(priority, DeviceAttributes.GreatestPriority, DeviceAttributes.LeastPriority), green);
        nint handle = _handles.Add(stream);
        if (handle == 0)
        {
            context.DestroyStream(stream);
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        *phStream = new CUstream(handle);
        return CUDA_SUCCESS;
    }

    /// <summary>A stream of any context of this driver, or a default stream of the current one. Its context must not have failed.</summary>
    private CUresult EnterStream(CUstream hStream, out DriverStream stream)
    {
        stream = null!;
        if (hStream.Value is 0 or LegacyStream or ThreadStream)
        {
            if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
            {
                return error;
            }
            stream = hStream.Value == ThreadStream ? context.ThreadStream() : context.LegacyStream;
            return CUDA_SUCCESS;
        }
        if (Find(hStream.Value, out stream) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        return stream.Green is { IsDestroyed: true } ? CUDA_ERROR_CONTEXT_IS_DESTROYED : stream.Context.Fault;
    }
}
