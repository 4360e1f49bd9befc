using System.Diagnostics;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using MessagePack;

namespace CudaRpc.Server;

/// <summary>
/// The server's end of one client thread: a thread that reads that thread's calls and makes them on the session's driver, so that
/// per-thread state of the driver (current context, per-thread default stream) is the client thread's.
/// </summary>
internal sealed unsafe partial class ServerLane : IDisposable
{
    private readonly Connection? _connection;
    private readonly FrameReader? _reader;
    private readonly ByteBuffer _reply = new(4 << 10, ProtocolLimits.Scratch + ProtocolLimits.Body);
    private uint _context;
    private nint _nativeContext;
    private int _contextVersion = -1;
    private long _bytesSent;

    // Whether the thread that was answered last may have fallen asleep unseen: it is roused before the lane does what that has not asked for.
    private bool _hasAnswered;

    // Whether the client takes no more.
    private bool _isDeaf;

    // The last release of this thread that the queue has taken over.
    private long _lastRelease;

    public ServerLane(ServerSession session, Connection connection, FrameReader reader)
    {
        Session = session;
        _connection = connection;
        _reader = reader;
    }

    /// <summary>A lane without a client thread, for posted calls without bulk that are given to <see cref="Serve"/>.</summary>
    public ServerLane(ServerSession session) => Session = session;

    public ServerSession Session { get; }

    public Scratch Scratch { get; } = new();

    /// <summary>
    /// The driver's value of the context that what is made on this thread belongs to: the current one, or the primary one below a green one.
    /// </summary>
    public nint CurrentContext { get; private set; }

    /// <summary>Whether the client thread's current context has ended: for the driver the thread has none.</summary>
    public bool IsContextGone => _context != 0 && _nativeContext == 0;

    /// <summary>Calls served so far.</summary>
    public long Calls { get; private set; }

    /// <summary>Those of them that the client waited for.</summary>
    public long RoundTrips { get; private set; }

    /// <summary>The lane, its calls and bytes.</summary>
    public ServerCounts Counts => new(1, Calls, RoundTrips, _reader?.BytesReceived ?? 0, Volatile.Read(ref _bytesSent));

    /// <summary>Serves calls until the client says goodbye, the connection ends or the session does. Blocks.</summary>
    /// <returns>Whether the lane ended in good order.</returns>
    /// <exception cref="ProtocolException">The client broke the protocol.</exception>
    /// <exception cref="IOException">The connection is gone.</exception>
    public bool Run()
    {
        while (Next(out FrameHeader header))
        {
            if ((header.Flags & ~FrameFlags.Posted) != 0)
            {
                ProtocolException.Throw($"a client sends calls only, not flags {header.Flags}");
            }

            bool posted = (header.Flags & FrameFlags.Posted) != 0;
            if (posted && _hasAnswered)
            {
                _hasAnswered = false;
                _connection!.Rouse();
            }

            Session.Gate.Enter(header.Sequence);
            if (header.CallId == ControlId.Goodbye)
            {
                Session.Gate.Leave();
                return true;
            }

            if (header.CallId == ControlId.Settled)
            {
                Session.Gate.Leave();
                continue;
            }

            if (header.CallId == ControlId.HostChanged)
            {
                AwaitChanges();
                continue;
            }

            Calls++;
            RoundTrips += posted ? 0 : 1;
            if (posted && Session.Releases.TryAdd(header, _reader!.BodySpan, ref _lastRelease))
            {
                Session.Gate.Leave();
                continue;
            }

            // Much bulk takes its time on the way. What may not pass it waits for the turn of Settled behind it.
            bool keepsTurn = posted && header.BulkLength <= ProtocolLimits.PostedCopy;
            if (!keepsTurn)
            {
                Session.Gate.Leave();
                if (header.CallId == CallId.cuMemGetInfo_v2)
                {
                    Session.Releases.WaitUntilEmpty();
                }
                else if (header.CallId is CallId.cuCtxSynchronize or CallId.cuCtxSynchronize_v2)
                {
                    Session.Releases.WaitFor(_lastRelease);
                }
            }

            try
            {
                Make(header, posted);
            }
            catch (IOException) when (_isDeaf)
            {
                // Mostly a lane that was closed under a thread that waits. Whether in good order says what it sent before: its goodbye, behind which
                // what other lanes posted is carried out, or none.
                _reserved = null;
                Scratch.Reset();
            }

            if (keepsTurn)
            {
                Session.Gate.Leave();
            }
        }

        return false;
    }

    /// <summary>Makes one call.</summary>
    public void Serve(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        var call = new ServerCall(this, header, body);
        try
        {
            Dispatcher.Dispatch(header.CallId, Session.Driver, ref call);
        }
        catch (Exception failure) when (!call.HasBegun && failure is (MessagePackSerializationException or EndOfStreamException or OverflowException))
        {
            throw new ProtocolException($"{CallId.Name(header.CallId)} does not decode: {failure.Message}", failure);
        }
        catch (Exception failure) when (failure is not (ProtocolException or IOException or OperationCanceledException))
        {
            ServerLog.Bug(Session.Logger, Session.Id, CallId.Name(header.CallId) ?? "an unknown call", failure);
            call.Reply(CUresult.CUDA_ERROR_UNKNOWN);
        }

        call.Complete();
        Scratch.Reset();
    }

    /// <summary>Makes the client thread's context current on this thread; looks it up only where it may have changed.</summary>
    public CUresult MakeCurrent(uint context) =>
        context == _context && Session.Handles.Version == _contextVersion ? CUresult.CUDA_SUCCESS : LookUp(context);

    private CUresult LookUp(uint context)
    {
        int version = Session.Handles.Version;

        // A context that has ended is still on its thread's stack. Calls that need none go on; to the others it is as if there were none.
        if (context == 0 || !Session.Handles.TryResolve(HandleId.Make(HandleKind.CUcontext, context), out nint native))
        {
            native = 0;
        }

        CUresult status = Session.Driver.cuCtxSetCurrent(new CUcontext(native));
        if (status == CUresult.CUDA_ERROR_INVALID_CONTEXT && native != 0)
        {
            // It is ending on another lane, whose handle is not gone yet.
            native = 0;
            status = Session.Driver.cuCtxSetCurrent(default);
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            // A primary context comes (back) to life under the id that was current already, and no handle ends by that: ask again next time.
            bool mayCome = context != 0 && native == 0;
            (_context, _contextVersion, _nativeContext) = (context, mayCome ? -1 : version, native);
            CurrentContext = native == 0 ? 0 : Session.Handles.OwnerOf(HandleId.Make(HandleKind.CUcontext, context));
        }

        return status;
    }

    /// <summary>The driver's current context on this thread was changed by a call itself (creation pushes): ask again next time.</summary>
    public void ForgetCurrent() => _contextVersion = -1;

    public ByteBuffer BeginReply()
    {
        _reply.Clear(FrameHeader.Size);
        return _reply;
    }

    /// <summary>Sends the reply begun by <see cref="BeginReply"/>, with bulk from where it is.</summary>
    public void SendReply(in FrameHeader call, FrameFlags flags, byte* bulk, nuint bulkLength)
    {
        int body = _reply.Length - FrameHeader.Size;
        if (body > ProtocolLimits.Body)
        {
            throw new InvalidOperationException($"reply to {CallId.Name(call.CallId)} of {body} bytes; at most {ProtocolLimits.Body} fit a body");
        }

        // The work that the call has waited for has asked for its writes by now.
        uint writes = Session.Host.Writes;
        if (writes != 0 || Session.Host.IsClosed)
        {
            bool lands = ShowsWork(call.CallId) || EndsContext(call.CallId);
            if (lands && Session.Host.IsClosed)
            {
                // Of a session that ends the work has gone on without its functions and writes. A client that has not noticed would take them for
                // done; it sees the end of the connection instead.
                return;
            }

            (writes, flags) = lands ? (writes, flags | FrameFlags.Landed) : (0, flags);
        }

        new FrameHeader((uint)body, call.CallId, flags | FrameFlags.Reply, writes, call.Sequence, bulkLength).Write(_reply.Slice(0, FrameHeader.Size));
        // The lane receives next, but for a call that was not made: there may be something left to do for it.
        bool receives = bulkLength == 0 && (flags & FrameFlags.Deferred) == 0;
        // SAFETY: bulk is scratch memory of at least bulkLength bytes, bounded by ProtocolLimits.Scratch.
        Send(_reply.Written, new ReadOnlySpan<byte>(bulk, (int)bulkLength), receives);
        CountSent(_reply.Length + (long)bulkLength);
    }

    /// <summary>Ends the connection under the lane's thread.</summary>
    public void Abort() => _connection?.Abort();

    public void Dispose()
    {
        _connection?.Dispose();
        Scratch.Dispose();
        FreeStaging();
    }

    /// <summary>Whether the call ends a context.</summary>
    public static bool EndsContext(uint callId) =>
        callId is CallId.cuCtxDestroy_v2 or CallId.cuDevicePrimaryCtxRelease_v2 or CallId.cuDevicePrimaryCtxReset_v2;

    /// <summary>
    /// Whether the call ends something. It is made whatever failed before and answers for itself, because a program does not end a thing twice.
    /// </summary>
    public static bool EndsSomething(uint callId) =>
        EndsContext(callId)
        || callId is CallId.cuStreamEndCapture or CallId.cuMemHostUnregister or CallId.cuIpcCloseMemHandle
            or CallId.cuMulticastUnbind or CallId.cuCtxDisablePeerAccess or CallId.cuDeviceGraphMemTrim;

    // Calls after which a program may look at what its copies to the host brought.
    public static bool ShowsWork(uint callId) =>
        callId is CallId.cuStreamSynchronize or CallId.cuStreamSynchronize_ptsz or CallId.cuStreamQuery or CallId.cuStreamQuery_ptsz
            or CallId.cuEventSynchronize or CallId.cuEventQuery or CallId.cuCtxSynchronize or CallId.cuCtxSynchronize_v2
            or CallId.cuMemcpyDtoH_v2 or CallId.cuMemcpyDtoHAsync_v2 or CallId.cuMemcpyHtoD_v2 or CallId.cuMemcpyPeer or CallId.cuMemcpyPeer_ptds
            or CallId.cuMemcpy2D_v2 or CallId.cuMemcpy2DUnaligned_v2 or CallId.cuMemcpy3D_v2 or CallId.cuMemcpy3DPeer or CallId.cuMemcpyAtoH_v2
            or CallId.cuMemcpy2DAsync_v2 or CallId.cuMemcpy3DAsync_v2 or CallId.cuMemcpy3DPeerAsync or CallId.cuMemHostUnregister or CallId.cuEventElapsedTime
            or CallId.cuEventElapsedTime_v2;

    private void Make(in FrameHeader header, bool posted)
    {
        if (Session.Meter is not { TimesCalls: true } meter)
        {
            Serve(header, _reader!.BodySpan);
            return;
        }

        long began = Stopwatch.GetTimestamp();
        Serve(header, _reader!.BodySpan);
        meter.Record(header.CallId, began, posted);
    }

    // Only the lane's thread counts; others look.
    private void CountSent(long bytes) => Volatile.Write(ref _bytesSent, _bytesSent + bytes);

    // Keeps its turn meanwhile: what comes after it is to find the changes.
    private void AwaitChanges()
    {
        try
        {
            Session.Twins.WaitForChanges(new MessagePackReader(_reader!.Body).ReadUInt32());
        }
        catch (Exception failure) when (failure is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            throw new ProtocolException($"a count of changes that does not decode: {failure.Message}", failure);
        }

        Session.Gate.Leave();
    }
}
