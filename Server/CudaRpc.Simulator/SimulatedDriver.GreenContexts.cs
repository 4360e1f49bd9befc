using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// A green context is the device's primary context with fewer multiprocessors: its handle leads to the same DriverContext, and its streams
// know it. Its default stream is the primary context's.
public unsafe partial class SimulatedDriver
{
    /// <summary>Retains the primary context of the device.</summary>
    public override CUresult cuGreenCtxCreate(CUgreenCtx* phCtx, CUdevResourceDesc desc, int dev, uint flags)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phCtx == null || flags != (uint)CUgreenCtxCreate_flags.CU_GREEN_CTX_DEFAULT_STREAM)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (Find(desc.Value, out ResourceDescriptor resources) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        if (resources.Partition.Device != dev)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        CUcontext primary;
        if (cuDevicePrimaryCtxRetain(&primary, dev) is not CUDA_SUCCESS and var failed)
        {
            return failed;
        }
        if (FindContext(primary.Value, out DriverContext context) is not CUDA_SUCCESS and var gone)
        {
            return gone; // Another thread has reset it.
        }
        var green = new DriverGreenContext(context, resources.Partition, NextId());
        green.Handle = _handles.Add(green);
        green.ContextHandle = _handles.Add(new GreenContextView(green));
        if (green.Handle == 0 || green.ContextHandle == 0)
        {
            _handles.Remove<DriverGreenContext>(green.Handle, out _);
            cuDevicePrimaryCtxRelease_v2(dev);
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        CountGreen(dev, 1);
        *phCtx = new CUgreenCtx(green.Handle);
        return CUDA_SUCCESS;
    }

    /// <summary>Its streams stay, to be destroyed; everything else that names them or it is told that it is gone.</summary>
    public override CUresult cuGreenCtxDestroy(CUgreenCtx hCtx)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove(hCtx.Value, out DriverGreenContext? green))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        green.IsDestroyed = true;
        _handles.Remove<GreenContextView>(green.ContextHandle, out _);
        CountGreen(green.Context.Device.Ordinal, -1);
        return cuDevicePrimaryCtxRelease_v2(green.Context.Device.Ordinal);
    }

    /// <summary>The same handle each time; it ends with the green context.</summary>
    public override CUresult cuCtxFromGreenCtx(CUcontext* pContext, CUgreenCtx hCtx) =>
        Find(hCtx.Value, out DriverGreenContext green) is not CUDA_SUCCESS and var error
            ? error
            : Give(pContext, new CUcontext(green.ContextHandle));

    /// <inheritdoc/>
    public override CUresult cuGreenCtxGetId(CUgreenCtx greenCtx, ulong* greenCtxId) =>
        Find(greenCtx.Value, out DriverGreenContext green) is not CUDA_SUCCESS and var error ? error : Give(greenCtxId, green.Id);

    /// <summary>The stream must be one that does not synchronise with the default stream.</summary>
    public override CUresult cuGreenCtxStreamCreate(CUstream* phStream, CUgreenCtx greenCtx, uint flags, int priority)
    {
        if (Find(greenCtx.Value, out DriverGreenContext green) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (green.Context.Fault is not CUDA_SUCCESS and var fault)
        {
            return fault;
        }
        return phStream == null || flags != (uint)CUstream_flags.CU_STREAM_NON_BLOCKING
            ? CUDA_ERROR_INVALID_VALUE
            : NewStream(green.Context, flags, priority, green, phStream);
    }

    /// <summary>The green context of a stream, of a default stream the current one; null if there is none.</summary>
    public override CUresult cuStreamGetGreenCtx(CUstream hStream, CUgreenCtx* phCtx) =>
        EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error
            ? error
            : Give(phCtx, new CUgreenCtx(GreenOf(hStream, stream)?.Handle ?? 0));

    /// <summary>Of a stream of a green context that one, and the primary context below it.</summary>
    public override CUresult cuStreamGetCtx_v2(CUstream hStream, CUcontext* pCtx, CUgreenCtx* pGreenCtx)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pCtx == null || pGreenCtx == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pCtx = new CUcontext(stream.Context.Handle);
        *pGreenCtx = new CUgreenCtx(GreenOf(hStream, stream)?.Handle ?? 0);
        return CUDA_SUCCESS;
    }

    /// <summary>Marks all that the context was given; of a green context, all that its streams were.</summary>
    public override CUresult cuCtxRecordEvent(CUcontext hCtx, CUevent hEvent) =>
        FindContextOrCurrent(hCtx, out DriverContext context) is not CUDA_SUCCESS and var error
            ? error
            : RecordIn(context, hCtx.Value == 0 ? CurrentGreen : GreenOf(hCtx), hEvent);

    /// <summary>All that the context is given from now on waits; of a green context, all that its streams are.</summary>
    public override CUresult cuCtxWaitEvent(CUcontext hCtx, CUevent hEvent) =>
        FindContextOrCurrent(hCtx, out DriverContext context) is not CUDA_SUCCESS and var error
            ? error
            : WaitIn(context, hCtx.Value == 0 ? CurrentGreen : GreenOf(hCtx), hEvent);

    /// <inheritdoc/>
    public override CUresult cuGreenCtxRecordEvent(CUgreenCtx hCtx, CUevent hEvent) =>
        Find(hCtx.Value, out DriverGreenContext green) is not CUDA_SUCCESS and var error ? error : RecordIn(green.Context, green, hEvent);

    /// <inheritdoc/>
    public override CUresult cuGreenCtxWaitEvent(CUgreenCtx hCtx, CUevent hEvent) =>
        Find(hCtx.Value, out DriverGreenContext green) is not CUDA_SUCCESS and var error ? error : WaitIn(green.Context, green, hEvent);

    private CUresult RecordIn(DriverContext context, DriverGreenContext? green, CUevent hEvent)
    {
        if (EnterEvent(hEvent, out DriverEvent target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (target.Context != context)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        var recording = new EventRecording();
        if (!context.SubmitAfterAll(new RecordWork(recording), green, out StreamPoint point))
        {
            return CUDA_ERROR_CONTEXT_IS_DESTROYED;
        }
        recording.Point = point;
        target.Recording = recording;
        return CUDA_SUCCESS;
    }

    private CUresult WaitIn(DriverContext context, DriverGreenContext? green, CUevent hEvent)
    {
        if (context.Fault is not CUDA_SUCCESS and var fault)
        {
            return fault;
        }
        if (Find(hEvent.Value, out DriverEvent target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (target.Recording is { Point.IsReached: false } recording)
        {
            context.HoldBack(recording.Point, green);
        }
        return CUDA_SUCCESS;
    }

    /// <summary>The green context that is current on the calling thread, if it is one.</summary>
    private DriverGreenContext? CurrentGreen => _stack.Value!.TryPeek(out nint handle) ? GreenOf(new CUcontext(handle)) : null;

    private DriverGreenContext? GreenOf(CUcontext context) => _handles.TryGet(context.Value, out GreenContextView? view) ? view.Green : null;

    private DriverGreenContext? GreenOf(CUstream handle, DriverStream stream) =>
        handle.Value is 0 or LegacyStream or ThreadStream ? CurrentGreen : stream.Green;

    private void CountGreen(int dev, int change)
    {
        lock (_lock)
        {
            _primaries[dev].Greens += change;
        }
    }
}
