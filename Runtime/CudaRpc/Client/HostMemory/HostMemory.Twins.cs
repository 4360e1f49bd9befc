using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Twins and what changes in them. Calls of its own go by a lane of its own: a thread's lane may hold a call that is half written.
internal sealed unsafe partial class HostMemory
{
    // Held while a twin is made or ended and while a mark is posted: they use one lane. Taken before _flushLock.
    private readonly Lock _laneLock = new();

    // Held while changes are collected and sent, so that they leave in the order in which they were collected. Taken before _stateLock.
    private readonly Lock _flushLock = new();

    // Guards the copies. Never held while anything is sent, so what the server sends can always be stored.
    private readonly Lock _stateLock = new();
    private byte[] _outgoing = [];
    private byte[] _received = [];
    private volatile HostBlock[] _twins = [];
    private Lane? _lane;

    // Memory that has gone and of which no call has told.
    private HostBlock? _gone;
    private int _sent;
    private int _marked;

    /// <summary>
    /// Before a call is sent: makes what it names reachable, and sends what the program has changed, so that the call and those after it see
    /// it. The calling thread's lane may hold the call.
    /// </summary>
    /// <param name="callId">The function.</param>
    /// <param name="isNamed">Whether an address in host memory is among its arguments.</param>
    /// <param name="isWanted">Whether some of that has no twin.</param>
    /// <param name="context">The calling thread's current context.</param>
    public void Before(uint callId, bool isNamed, bool isWanted, CUcontext context)
    {
        if (isWanted && context.Value != 0)
        {
            ReachWanted(context);
        }

        if (_twins.Length > 0 && (isNamed || MayRead(callId)))
        {
            Flush();
            Mark();
            if (Interlocked.Exchange(ref _gone, null) is HostBlock gone)
            {
                RefusedCallException.Throw(
                    CUresult.CUDA_ERROR_INVALID_VALUE, $"the {gone.Bytes} bytes at 0x{gone.Start:x} are registered, but no memory of the program any more");
            }
        }
    }

    /// <summary>Sends what the program has changed, before the server is told that a function of the program has returned.</summary>
    public void Flush()
    {
        lock (_flushLock)
        {
            foreach (HostBlock twin in _twins)
            {
                if (twin.IsShared || IsGone(twin))
                {
                    continue;
                }

                for (nuint position = 0; position < twin.Bytes;)
                {
                    nuint offset = position;
                    int length;
                    lock (_stateLock)
                    {
                        // SAFETY: the program keeps its memory until it is freed or unregistered, which takes _flushLock.
                        length = MemoryChanges.Encode((byte*)twin.Start, twin.Copy, twin.Bytes, ref position, _outgoing);
                    }

                    if (length > 0)
                    {
                        session.Host.SendChanges(twin.Start, offset, _outgoing.AsSpan(0, length));
                        Volatile.Write(ref _sent, _sent + 1);
                    }
                }
            }
        }
    }

    /// <summary>Gives the block a twin, unless it has one. CUDA_ERROR_OUT_OF_MEMORY where the server allows no more.</summary>
    public CUresult Reach(HostBlock block, CUcontext context)
    {
        lock (_laneLock)
        {
            if (block.IsReachable)
            {
                return CUresult.CUDA_SUCCESS;
            }

            session.Host.Start();
            Lane lane = _lane ??= session.CreateLane(hasThread: false);
            lane.Contexts.Push(context);
            try
            {
                return Reach(block, context, lane);
            }
            finally
            {
                lane.Contexts.Pop();
            }
        }
    }

    /// <summary>Ends the block's twin, if it has one, after the work that may use it; what kernels wrote is in the program's memory then.</summary>
    public CUresult End(HostBlock block, CUcontext context)
    {
        CUresult status = CUresult.CUDA_SUCCESS;
        lock (_laneLock)
        {
            if (!block.IsReachable)
            {
                return status;
            }

            Lane lane = _lane!;
            lane.Contexts.Push(block.TwinContext.Value != 0 ? block.TwinContext : context);
            try
            {
                var call = new Call(session, lane, CallId.cuMemHostUnregister, isOwn: true);
                call.Write(block.Start);
                status = call.Invoke();
                if (status == CUresult.CUDA_SUCCESS)
                {
                    call.End();
                }
            }
            finally
            {
                lane.Contexts.Pop();
                Forget(twin => twin == block);
            }
        }

        return status;
    }

    /// <summary>A context has ended, and the twins with it. What they had written has been waited for.</summary>
    public void RemoveContext(CUcontext context) => Forget(twin => twin.TwinContext == context);

    /// <summary>Stores what kernels have changed. For the thread that receives.</summary>
    /// <exception cref="ProtocolException">It does not decode, or leaves the block.</exception>
    public void Apply(ulong start, ulong offset, FrameReader reader, ulong length)
    {
        if (length > MemoryChanges.Piece)
        {
            ProtocolException.Throw($"changes of {length} bytes; at most {MemoryChanges.Piece} come together");
        }

        if (_received.Length == 0)
        {
            _received = GC.AllocateUninitializedArray<byte>(MemoryChanges.Piece, pinned: true);
        }

        fixed (byte* received = _received)
        {
            reader.ReadBulk(received, (nuint)length);
        }

        lock (_stateLock)
        {
            // A twin that has ended meanwhile: nobody waits for its changes.
            if (Array.Find(_twins, twin => twin.Start == start) is { IsShared: false, IsReadOnly: false } twin
                && !IsGone(twin))
            {
                MemoryChanges.Apply((byte*)twin.Start, twin.Copy, twin.Bytes, offset, _received.AsSpan(0, (int)length));
            }
        }
    }

    // Calls that let the GPU read nothing, and come often.
    private static bool MayRead(uint callId) =>
        callId is not (CallId.cuEventRecord or CallId.cuEventRecordWithFlags or CallId.cuEventCreate
            or CallId.cuEventDestroy_v2 or CallId.cuEventElapsedTime_v2 or CallId.cuStreamWaitEvent);

    private void ReachWanted(CUcontext context)
    {
        foreach (HostBlock block in Blocks.All)
        {
            if (!block.IsWanted)
            {
                continue;
            }

            // One that another thread is just making is waited for in there.
            CUresult status = Reach(block, context);
            block.IsWanted = false;
            if (status != CUresult.CUDA_SUCCESS && !block.IsRefused)
            {
                block.IsRefused = true;
                SessionLog.Unreachable(session.Logger, block.Bytes, block.Start, status);
            }
        }
    }

    private CUresult Reach(HostBlock block, CUcontext context, Lane lane)
    {
        CUresult status = EndCopies(block, lane);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        byte* identity = stackalloc byte[ProcessIdentity.Size];
        ProcessIdentity.Value.CopyTo(new Span<byte>(identity, ProcessIdentity.Size));
        var call = new Call(session, lane, CallId.cuMemHostRegister_v2, isOwn: true);
        call.Write(block.Start);
        call.Write(block.Bytes);
        call.WriteArray(identity, ProcessIdentity.Size);
        status = call.Invoke();
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        ulong device = call.ReadUInt64();
        bool isShared = call.ReadBoolean();
        call.End();
        lock (_flushLock)
        {
            lock (_stateLock)
            {
                if (_outgoing.Length == 0)
                {
                    _outgoing = GC.AllocateUninitializedArray<byte>(MemoryChanges.Piece);
                }

                block.SetTwin(device, context, isShared);
                _twins = [.. _twins, block];
            }
        }

        if (device != block.Start)
        {
            Blocks.AddDisplaced(block);
            SessionLog.Displaced(session.Logger, block.Bytes, block.Start, device);
        }

        return status;
    }

    // Copies to the memory that have not arrived would be missing in the twin, for kernels that come after them.
    private CUresult EndCopies(HostBlock block, Lane lane)
    {
        if (!session.Host.PendingWithin(block.Start, block.Bytes).Any())
        {
            return CUresult.CUDA_SUCCESS;
        }

        var call = new Call(session, lane, CallId.cuCtxSynchronize, isOwn: true);
        CUresult status = call.Invoke();
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.End();
        }

        return status;
    }

    // Whatever comes after this in the session waits on the server until the changes that were sent are in the twins.
    private void Mark()
    {
        if (Volatile.Read(ref _sent) == Volatile.Read(ref _marked))
        {
            return;
        }

        lock (_laneLock)
        {
            int sent = Volatile.Read(ref _sent);
            if (sent != _marked)
            {
                var call = new Call(session, _lane!, ControlId.HostChanged, isOwn: true);
                call.Write((uint)sent);
                call.Post();
                Volatile.Write(ref _marked, sent);
            }
        }
    }

    // A program that gives memory back before it is unregistered is told so once, by the next call that would have shown it to the GPU.
    private bool IsGone(HostBlock twin)
    {
        lock (_stateLock)
        {
            if (twin.HasGone())
            {
                SessionLog.Gone(session.Logger, twin.Bytes, twin.Start);
                Volatile.Write(ref _gone, twin);
            }

            return twin.IsGone;
        }
    }

    private void Forget(Predicate<HostBlock> ends)
    {
        lock (_flushLock)
        {
            lock (_stateLock)
            {
                HostBlock[] ended = Array.FindAll(_twins, ends);
                _twins = Array.FindAll(_twins, twin => !ends(twin));
                Array.ForEach(ended, static twin => twin.EndTwin());
            }
        }
    }
}
