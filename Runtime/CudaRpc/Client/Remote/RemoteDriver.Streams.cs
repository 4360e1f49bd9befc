using CudaRpc.Driver;

namespace CudaRpc.Client;

// Creations are posted, so what is wrong with them is said here; and what was said when a stream was created is known here.
public sealed unsafe partial class RemoteDriver
{
    private const uint EventFlags =
        (uint)(CUevent_flags.CU_EVENT_BLOCKING_SYNC | CUevent_flags.CU_EVENT_DISABLE_TIMING | CUevent_flags.CU_EVENT_INTERPROCESS);

    /// <inheritdoc/>
    public override CUresult cuStreamCreate(CUstream* phStream, uint Flags) => CreateStream(CallId.cuStreamCreate, phStream, Flags, 0);

    /// <inheritdoc/>
    public override CUresult cuStreamCreateWithPriority(CUstream* phStream, uint flags, int priority) =>
        CreateStream(CallId.cuStreamCreateWithPriority, phStream, flags, priority);

    /// <inheritdoc/>
    public override CUresult cuEventCreate(CUevent* phEvent, uint Flags)
    {
        // An event for other processes cannot have a time.
        bool timed = (Flags & (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING) == 0;
        if (phEvent == null || (Flags & ~EventFlags) != 0 || (timed && (Flags & (uint)CUevent_flags.CU_EVENT_INTERPROCESS) != 0))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Context(default) is null)
        {
            return NoContext();
        }

        if (FaultOf(default) is CUresult fault)
        {
            return fault;
        }

        try
        {
            var call = new Call(_session, CallId.cuEventCreate);
            var created = new CUevent(call.WriteNewHandle(HandleKind.CUevent));
            call.Write(Flags);
            call.Post();
            *phEvent = created;
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuEventCreate, failure);
        }
    }

    /// <summary>The streams that every context has are nobody's to destroy.</summary>
    public override CUresult cuStreamDestroy_v2(CUstream hStream)
    {
        if (Handles.Find(hStream.Value) is not { Kind: HandleKind.CUstream })
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        try
        {
            var call = new Call(_session, CallId.cuStreamDestroy_v2);
            call.WriteHandle(hStream.Value);
            CUresult status = call.Post();
            if (status == CUresult.CUDA_SUCCESS)
            {
                Handles.Forget(hStream.Value);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuStreamDestroy_v2, failure);
        }
    }

    /// <summary>Of a stream of a green context that one's, as a CUcontext.</summary>
    public override CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx)
    {
        CUresult status = StreamContext(hStream, out CUcontext owner, out nint green);
        return status != CUresult.CUDA_SUCCESS
            ? Local(status)
            : Local(pctx, Handles.Find<GreenContextInfo>(green) is GreenContextInfo info ? info.Context : owner);
    }

    /// <inheritdoc/>
    public override CUresult cuStreamGetDevice(CUstream hStream, int* device) =>
        StreamContext(hStream, out CUcontext context) is var status and not CUresult.CUDA_SUCCESS ? Local(status) : cuCtxGetDevice_v2(device, context);

    private CUresult StreamContext(CUstream stream, out CUcontext owner) => StreamContext(stream, out owner, out _);

    // The context that the stream is of, and the green one above it, 0 for none. Default streams are the current context's.
    private CUresult StreamContext(CUstream stream, out CUcontext owner, out nint green)
    {
        owner = default;
        green = 0;
        if (Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (Handles.Find(stream.Value) is not HandleInfo info)
        {
            if (Context(default) is not ContextInfo current)
            {
                return NoContext();
            }

            (owner, green) = (CurrentOwner, current.Green);
            return CUresult.CUDA_SUCCESS;
        }

        owner = new CUcontext(info.Parent);
        green = (info as GreenStreamInfo)?.Green ?? 0;
        return green != 0 && Handles.Find(green) is null ? CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED : CUresult.CUDA_SUCCESS;
    }

    private CUresult CreateStream(uint callId, CUstream* phStream, uint flags, int priority)
    {
        if (phStream == null || flags > (uint)CUstream_flags.CU_STREAM_NON_BLOCKING)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Context(default) is not ContextInfo context)
        {
            return NoContext();
        }

        if (FaultOf(default) is CUresult fault)
        {
            return fault;
        }

        try
        {
            var call = new Call(_session, callId);
            var stream = new CUstream(call.WriteNewHandle(HandleKind.CUstream));
            if (context.Green != 0)
            {
                Handles.Add(stream.Value, new GreenStreamInfo(context.Owner.Value, context.Green));
            }

            call.Write(flags);
            if (callId == CallId.cuStreamCreateWithPriority)
            {
                call.Write(priority);
            }

            call.Post();
            *phStream = stream;
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
