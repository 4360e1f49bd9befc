using System.Diagnostics.CodeAnalysis;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using MessagePack;

namespace CudaRpc.Server;

/// <summary>
/// The server's end of the session's own connection, on which it asks the client: write into the program's memory, read from it, call a
/// function of the program. Used by the driver's callbacks, when a stream gets there. One thread sends, and starts with the first request;
/// the connection's own thread receives the answers. docs/protocol.md, "The host channel".
/// </summary>
internal sealed unsafe partial class HostChannel(Connection connection)
{
    private const int MaximumRequests = 1 << 16;

    // Set by the thread that receives, and counted under the lock of who sends; anybody may look.
    private FrameReader? _reader;
    private long _bytesSent;

    // Guards everything below, and is pulsed when something of it changes.
    private readonly object _lock = new();
    private readonly Queue<Request> _requests = new();
    private readonly Dictionary<ulong, Answer> _answers = [];
    private readonly HashSet<HostFunction> _functions = [];
    private readonly ByteBuffer _frame = new(256, 1 << 10);
    private ulong _lastRequest;
    private uint _writes;
    private long _queuedBytes;
    private bool _sending;
    private bool _closed;

    /// <summary>Memory that client and kernels both reach.</summary>
    public HostTwins Twins { get; set; } = null!;

    /// <summary>Writes that have been asked for so far, modulo 2^32. Those of work that is done are among them.</summary>
    public uint Writes => Volatile.Read(ref _writes);

    /// <summary>Whether the session ends: what is asked of the client from now on does not come about.</summary>
    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Asks the client to store what <paramref name="staging"/> holds at <paramref name="offset"/> of its region. Gives the staging back when it has been sent.</summary>
    public void Push(HostStaging staging, ulong offset = 0, bool isLast = true)
    {
        lock (_lock)
        {
            if (_closed)
            {
                GiveBack(staging);
                return;
            }

            staging.IsQueued = true;
            Enqueue(new Request(ControlId.HostWrite, staging.Region, offset, staging.Length, isLast, CUresult.CUDA_SUCCESS, 0, staging, null));
            Volatile.Write(ref _writes, _writes + 1);
        }
    }

    /// <summary>
    /// Asks the client to store <paramref name="length"/> bytes at <paramref name="offset"/> of <paramref name="region"/>. The bytes are copied;
    /// waits while very many are on their way.
    /// </summary>
    public void Push(long region, ulong offset, byte* bytes, nuint length, bool isLast)
    {
        // SAFETY: the caller vouches for length readable bytes.
        byte[] copy = new ReadOnlySpan<byte>(bytes, checked((int)length)).ToArray();
        lock (_lock)
        {
            while (!_closed && _queuedBytes > ProtocolLimits.Staged)
            {
                Monitor.Wait(_lock);
            }

            if (_closed)
            {
                return;
            }

            _queuedBytes += copy.Length;
            Enqueue(new Request(ControlId.HostWrite, region, offset, length, isLast, CUresult.CUDA_SUCCESS, 0, null, copy));
            Volatile.Write(ref _writes, _writes + 1);
        }
    }

    /// <summary>
    /// Tells the client what has changed in its memory that begins at <paramref name="start"/>. The bytes are copied; waits while very many
    /// are on their way.
    /// </summary>
    public void PushChanges(ulong start, ulong offset, ReadOnlySpan<byte> changes)
    {
        byte[] copy = changes.ToArray();
        lock (_lock)
        {
            while (!_closed && _queuedBytes > ProtocolLimits.Staged)
            {
                Monitor.Wait(_lock);
            }

            if (_closed)
            {
                return;
            }

            _queuedBytes += copy.Length;
            Enqueue(new Request(ControlId.HostChanges, (long)start, offset, (nuint)copy.Length, false, CUresult.CUDA_SUCCESS, 0, null, copy));
            Volatile.Write(ref _writes, _writes + 1);
        }
    }

    /// <summary>Fetches <paramref name="length"/> bytes of a client's region. Blocks. False where the region or the session is gone.</summary>
    public bool Pull(long region, ulong offset, byte* destination, nuint length, bool isLast)
    {
        var answer = new Answer(destination, length);
        return Ask(ControlId.HostRead, region, offset, length, isLast, CUresult.CUDA_SUCCESS, answer);
    }

    /// <summary>Has the client call a function. Blocks until it has returned. False where the session is gone.</summary>
    public bool Call(long callback, CUresult status, bool isLast)
    {
        // The function sees what the work before it has written.
        Twins.Push();
        return Ask(ControlId.HostCall, callback, 0, 0, isLast, status, new Answer(null, 0));
    }

    /// <summary>
    /// A function for a stream of <paramref name="context"/> to call; the channel frees it after its last call, or at the end of its context or the session.
    /// </summary>
    public HostFunction CreateFunction(nint context, long callback, bool isLast)
    {
        var function = new HostFunction(this, context, callback, isLast);
        lock (_lock)
        {
            _functions.Add(function);
        }

        return function;
    }

    /// <summary>The client's number of the function that the driver has this user data of; 0 for none.</summary>
    public long CallbackOf(void* userData)
    {
        lock (_lock)
        {
            return _functions.FirstOrDefault(function => function.UserData == userData)?.Callback ?? 0;
        }
    }

    /// <summary>The driver calls it no more.</summary>
    public void Free(HostFunction function)
    {
        lock (_lock)
        {
            if (_functions.Remove(function))
            {
                function.Free();
            }
        }
    }

    /// <summary>A region or function that the client has named will not be used: its work failed, or ended with its context.</summary>
    public void Drop(long target)
    {
        lock (_lock)
        {
            if (_requests.Count >= MaximumRequests)
            {
                // A client that makes calls and does not read; everything else that is queued here is bounded by what it holds.
                connection.Abort();
            }
            else if (!_closed)
            {
                Enqueue(new Request(ControlId.HostWrite, target, 0, 0, true, CUresult.CUDA_SUCCESS, 0, null, []));
                Volatile.Write(ref _writes, _writes + 1);
            }
        }
    }

    /// <summary>Bytes that have gone either way, but for the greeting's answer and what tracing asks.</summary>
    public ServerCounts Counts => new(0, 0, 0, Volatile.Read(ref _reader)?.BytesReceived ?? 0, Volatile.Read(ref _bytesSent));

    /// <summary>Receives the client's answers until the connection ends. For the thread of the session's own connection.</summary>
    /// <returns>Why it ended.</returns>
    public string Receive(FrameReader reader)
    {
        Volatile.Write(ref _reader, reader);
        while (reader.Read(out FrameHeader header))
        {
            if (header.CallId == ControlId.HostChanges && header.Flags == FrameFlags.None)
            {
                (ulong start, ulong offset) = ReadChanges(reader.Body);
                Twins.Apply(start, offset, reader, header.BulkLength);
                continue;
            }

            if (header is { CallId: ControlId.SpanContext, Flags: FrameFlags.None, BodyLength: Handshake.TraceParentSize, BulkLength: 0 })
            {
                LinkSpan(reader.Body.Span);
                continue;
            }

            if (Trace is not null && header is { Flags: FrameFlags.None, BodyLength: 0, BulkLength: 0 } && ServeTrace(header))
            {
                continue;
            }

            Answer? answer = null;
            lock (_lock)
            {
                if (header.Flags != FrameFlags.Reply || header.BodyLength != 0 || !_answers.Remove(header.Sequence, out answer))
                {
                    ProtocolException.Throw($"call 0x{header.CallId:x8} on the session's own connection, which nobody waits for");
                }
            }

            bool whole = header.BulkLength == answer.Length;
            if (header.BulkLength != 0 && !whole)
            {
                ProtocolException.Throw($"{header.BulkLength} bytes of host memory where {answer.Length} were asked for");
            }

            reader.ReadBulk(answer.Destination, (nuint)header.BulkLength);
            lock (_lock)
            {
                (answer.IsDone, answer.Succeeded) = (true, whole);
                Monitor.PulseAll(_lock);
            }
        }

        return "the client left";
    }

    /// <summary>
    /// The session ends: who waits for an answer goes on without. Call from the thread that receives, when it does so no more: nothing
    /// is written into the memory of a request after this.
    /// </summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
            while (_sending)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    private static (ulong Start, ulong Offset) ReadChanges(ReadOnlyMemory<byte> body)
    {
        try
        {
            var values = new MessagePackReader(body);
            return (values.ReadUInt64(), values.ReadUInt64());
        }
        catch (Exception failure) when (failure is MessagePackSerializationException or EndOfStreamException or OverflowException)
        {
            throw new ProtocolException($"changes of host memory that do not decode: {failure.Message}", failure);
        }
    }

    private bool Ask(uint callId, long target, ulong offset, nuint length, bool isLast, CUresult status, Answer answer)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            ulong sequence = ++_lastRequest;
            _answers[sequence] = answer;
            Enqueue(new Request(callId, target, offset, length, isLast, status, sequence, null, null));
            while (!answer.IsDone && !_closed)
            {
                Monitor.Wait(_lock);
            }

            return answer.IsDone && answer.Succeeded;
        }
    }

    private void Enqueue(in Request request)
    {
        _requests.Enqueue(request);
        if (_sending)
        {
            Monitor.PulseAll(_lock);
            return;
        }

        _sending = true;
        new Thread(Send) { IsBackground = true, Name = "cudarpc host" }.Start();
    }

    private void Send()
    {
        while (Next(out Request request))
        {
            try
            {
                Send(request);
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                // The receiving thread sees the same and ends the session, which closes the channel.
                connection.Abort();
            }

            lock (_lock)
            {
                if (request.Staging is HostStaging staging)
                {
                    staging.IsQueued = false;
                    GiveBack(staging);
                }
                else if (request.Copy is byte[] copy)
                {
                    _queuedBytes -= copy.Length;
                    Monitor.PulseAll(_lock);
                }
            }
        }
    }

    private bool Next([MaybeNullWhen(false)] out Request request)
    {
        lock (_lock)
        {
            while (_requests.Count == 0 && !_closed)
            {
                Monitor.Wait(_lock);
            }

            if (!_closed)
            {
                request = _requests.Dequeue();
                return true;
            }

            _sending = false;
            Monitor.PulseAll(_lock);
            request = default;
            return false;
        }
    }

    private void Send(in Request request)
    {
        _frame.Clear(FrameHeader.Size);
        var writer = new MessagePackWriter(_frame);
        writer.Write(request.Target);
        switch (request.CallId)
        {
            case ControlId.HostCall:
                writer.Write((uint)request.Status);
                break;
            case ControlId.HostNotify:
                writer.Write(request.Copy);
                break;
            case ControlId.HostRead:
                writer.Write(request.Offset);
                writer.Write((ulong)request.Length);
                break;
            default:
                writer.Write(request.Offset);
                break;
        }

        if (request.CallId is not (ControlId.HostChanges or ControlId.HostNotify))
        {
            writer.Write(request.IsLast);
        }

        writer.Flush();
        ulong bulk = request.CallId is ControlId.HostWrite or ControlId.HostChanges or ControlId.TraceTimes ? request.Length : 0;
        new FrameHeader((uint)(_frame.Length - FrameHeader.Size), request.CallId, FrameFlags.None, 0, request.Sequence, bulk)
            .Write(_frame.Slice(0, FrameHeader.Size));
        // SAFETY: staging memory of at least that many bytes, which nobody touches until it is given back.
        ReadOnlySpan<byte> bytes = bulk == 0 ? default
            : request.Staging is HostStaging staging ? new ReadOnlySpan<byte>(staging.Bytes, checked((int)request.Length)) : request.Copy;
        lock (_sendLock)
        {
            connection.Send(_frame.Written, bytes);
            Volatile.Write(ref _bytesSent, _bytesSent + _frame.Length + bytes.Length);
        }
    }

    private readonly record struct Request(
        uint CallId, long Target, ulong Offset, nuint Length, bool IsLast, CUresult Status, ulong Sequence, HostStaging? Staging, byte[]? Copy);

    private sealed class Answer(byte* destination, nuint length)
    {
        public byte* Destination { get; } = destination;

        public nuint Length { get; } = length;

        public bool IsDone { get; set; }

        public bool Succeeded { get; set; }
    }
}
