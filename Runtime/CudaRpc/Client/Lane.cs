using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Tracing;
using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// One client thread's part of a session: its stack of current contexts and, once it makes a call that travels, its connection, which
/// a thread of the server answers. Only the owning thread encodes, posts and invokes; the send pump may send what it queued.
/// </summary>
internal sealed unsafe partial class Lane
{
    private const int InitialBody = 4 << 10;

    // What is queued before a poster sends itself, a posted frame beyond, and the frame of a call that waits.
    private const int QueueBound = ProtocolLimits.SendQueue + (2 * ProtocolLimits.Body) + (2 * ProtocolLimits.PostedCopy);

    private readonly Session _session;

    // Held while bytes go out. Taken before the session's order, never after.
    private readonly Lock _sendLock = new();
    private readonly ByteBuffer _staging = new(InitialBody, ProtocolLimits.Body + FrameHeader.Size);

    private readonly PostOrder _order;
    private SendQueue _queue = new(InitialBody, QueueBound);

    // Whether its thread has posted since it waited last.
    private bool _hasPosted;
    private string? _deferred;
    private Connection? _connection;
    private FrameReader? _reader;
    private int _retired;

    // Whether the owning thread sends without the send lock.
    private bool _sendsAlone;

    // What the owning thread records; null where it does not.
    private readonly ThreadTrace? _trace;
    private long _bytesSent;
    private long _bytesReceived;

    /// <param name="session">Whose it is.</param>
    /// <param name="owner">The thread whose calls it carries, null for none in particular.</param>
    /// <param name="isPart">Whether it carries parts of calls that other lanes count and record.</param>
    public Lane(Session session, Thread? owner, bool isPart = false)
    {
        (_session, _order, Owner, IsPart) = (session, session.Order, owner, isPart);
        _trace = owner is null ? null : session.Recorder?.Current;
    }

    /// <summary>The thread whose calls the lane carries; null where the session's own calls do.</summary>
    public Thread? Owner { get; }

    /// <summary>Whether it carries parts of calls that other lanes count and record.</summary>
    public bool IsPart { get; }

    /// <summary>Contexts of this thread, the current one on top.</summary>
    public Stack<CUcontext> Contexts { get; } = new();

    /// <summary>The thread's current context, null handle for none.</summary>
    public CUcontext Current => Contexts.TryPeek(out CUcontext context) ? context : default;

    /// <summary>The call of the calling thread that is being recorded; null for none.</summary>
    public ThreadTrace? Trace => IsPart ? null : Owner is null ? _session.Recorder?.Current : _trace;

    /// <summary>Whether sending takes less than waking a thread that does it.</summary>
    public bool SendsBriefly => _connection is { SendsBriefly: true };

    private long Posted { get; set; }

    private long Synchronous { get; set; }

    public long Local { get; set; }

    /// <summary>Its thread's turns to post, where others post, too. A lane without a thread has none: any thread may hold a lock for it.</summary>
    public PostTurn Turn { get; } = new();

    private long BytesSent => Volatile.Read(ref _bytesSent) + _queue.BytesPosted;

    private long BytesReceived => Volatile.Read(ref _bytesReceived);

    public CallStatistics Statistics => new(Posted, Synchronous, Local, BytesSent, BytesReceived);

    /// <summary>
    /// The posted call whose failure the thread's last failed call reported; null where that call failed by itself. Taking it clears it.
    /// </summary>
    public string? TakeDeferred()
    {
        string? taken = _deferred;
        _deferred = null;
        return taken;
    }

    /// <summary>A part of the call, on another lane, reported the failure of a posted call.</summary>
    public void AdoptDeferred(string? call) => _deferred = call ?? _deferred;

    public void NoteDeferred(uint callId, CUresult status, uint reporter)
    {
        _deferred = CallId.Name(callId) ?? "an unknown call";
        _session.Errors.Write(_deferred, status, $"posted earlier, returned by {CallId.Name(reporter) ?? "a call"}");
        _session.Telemetry?.NoteDeferred(callId, status);
        SessionLog.PostedCallFailed(_session.Logger, _deferred, status, CallId.Name(reporter) ?? "a call");
    }

    /// <summary>Room for the next call's body. Valid until <see cref="Post"/> or <see cref="Invoke"/>.</summary>
    public ByteBuffer BeginBody()
    {
        _deferred = null;
        _session.ThrowIfLost();
        if (_connection is null)
        {
            Open();
        }

        _staging.Clear(FrameHeader.Size);
        return _staging;
    }

    /// <summary>Queues the call; it leaves soon, in order. Bulk is copied when this returns.</summary>
    /// <param name="callId">The function.</param>
    /// <param name="smallBulk">At most <see cref="ProtocolLimits.PostedCopy"/> bytes.</param>
    /// <param name="isOwn">Whether it has to be made by the server's thread of this lane; else the session's carrier takes it.</param>
    public void Post(uint callId, ReadOnlySpan<byte> smallBulk, bool isOwn)
    {
        Posted++;
        _hasPosted = true;
        if (Owner is not null && _session.Turns.Await(Turn, _staging.Length + smallBulk.Length))
        {
            Trace?.Mark(TraceMarks.Waited);
        }

        Lane carrier;
        bool woke, queued = false;
        while (true)
        {
            using (_order.EnterScope())
            {
                if (Owner is not null)
                {
                    _order.NotePoster(Turn);
                }

                carrier = isOwn ? this : _order.CarrierFor(this);
                if (carrier.TryPost(this, callId, smallBulk, out woke))
                {
                    break;
                }

                if (carrier._queue.Queue.Length <= ProtocolLimits.SendQueue)
                {
                    carrier.Enqueue(this, callId, smallBulk);
                    queued = true;
                    break;
                }
            }

            // Back-pressure: the thread that posts faster than the network takes waits for the network.
            Trace?.Mark(TraceMarks.Waited);
            carrier.SendAllQueued();
        }

        if (queued ? _session.Pump.Queued(carrier) : woke)
        {
            Trace?.Mark(TraceMarks.Woke);
        }

        if (carrier != this)
        {
            Trace?.Mark(TraceMarks.Carried);
        }
    }

    /// <summary>
    /// Sends the posted call with bulk straight from the program's memory; returns when all of it has left. The server gives up the call's turn
    /// when the bulk begins, so other threads' calls pass it, and waits for it at the turn of what is posted here behind it.
    /// </summary>
    public void PostBulk(uint callId, byte* bulk, nuint length)
    {
        Posted += IsPart ? 0 : 1;
        Send(callId, FrameFlags.Posted, bulk, length);
        PostSettled();
    }

    /// <summary>Sends the call and waits for its reply's header and body. Bulk of the reply is left to <see cref="ReadBulk"/>.</summary>
    public void Invoke(uint callId, byte* bulk, nuint length, out FrameHeader reply, out ReadOnlySpan<byte> body)
    {
        Synchronous += IsPart ? 0 : 1;
        ReadReplyTo(callId, Send(callId, FrameFlags.None, bulk, length), out reply, out body);
    }

    /// <summary>Waits for the next frame of a reply that said there is more.</summary>
    public void ReadReply(uint callId, out FrameHeader reply, out ReadOnlySpan<byte> body)
    {
        FrameReader reader = _reader!;
        if (!reader.Read(out reply))
        {
            throw new IOException($"the server closed the connection during {CallId.Name(callId)}");
        }

        if ((reply.Flags & FrameFlags.Reply) == 0)
        {
            ProtocolException.Throw("a server sends replies only");
        }

        body = reader.BodySpan;
        Volatile.Write(ref _bytesReceived, reader.BytesReceived);
        Trace?.Received(FrameHeader.Size + reply.BodyLength + (long)reply.BulkLength);
    }

    /// <summary>Waits for the writes to the program's memory that the reply says come before it.</summary>
    public void WaitForWrites(in FrameHeader reply) => _session.Host.WaitForWrites(reply.Context);

    public void ReadBulk(byte* destination, nuint length)
    {
        _reader!.ReadBulk(destination, length);
        Volatile.Write(ref _bytesReceived, _reader.BytesReceived);
    }

    /// <summary>
    /// The send pump's turn: sends what is queued as far as the network takes it without waiting. The pump must not wait for one lane:
    /// the server may be holding that lane back until a call arrives that another lane still has queued.
    /// </summary>
    public PumpResult PumpQueued()
    {
        if (_queue.IsEmpty)
        {
            return PumpResult.Idle;
        }

        if (!_sendLock.TryEnter())
        {
            // Somebody is sending, and wakes the pump where that leaves something.
            return PumpResult.Idle;
        }

        try
        {
            SwapQueue();
            if (_queue.Rest.Length == 0)
            {
                // Somebody has sent it since.
                return PumpResult.Idle;
            }

            int sent = _connection!.TrySend(_queue.Rest);
            CountSent(sent);
            return sent > 0 ? PumpResult.Progress : PumpResult.Blocked;
        }
        finally
        {
            EndSending();
        }
    }

    /// <summary>Ends the connection under a thread that may be waiting on it.</summary>
    public void Abort() => _connection?.Abort();

    private void Open()
    {
        (Connection connection, FrameReader reader) = _session.OpenLane();
        bool closes;
        using (_order.EnterScope())
        {
            (_connection, _reader, closes) = (connection, reader, _queue.IsClosed);
        }

        if (closes)
        {
            // Who closed the lane found no connection, and the server waits for its goodbye.
            Close(Environment.TickCount64);
            ThrowClosed();
        }
    }

    private void ReadReplyTo(uint callId, ulong sequence, out FrameHeader reply, out ReadOnlySpan<byte> body)
    {
        _hasPosted = false;
        _session.Turns.End(Turn);
        ReadReply(callId, out reply, out body);
        if (reply.Sequence != sequence || reply.CallId != callId)
        {
            ProtocolException.Throw($"reply to call {reply.Sequence} where {sequence} ({CallId.Name(callId)}) is waited for");
        }
    }
}

/// <summary>What one turn of the send pump on a lane came to.</summary>
internal enum PumpResult
{
    Idle,
    Progress,
    Blocked,
}
