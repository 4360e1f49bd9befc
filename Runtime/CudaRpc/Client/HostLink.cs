using System.Collections.Concurrent;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using MessagePack;

namespace CudaRpc.Client;

/// <summary>
/// The client's end of the session's own connection, on which the server asks: writes into memory of the program, reads from it, calls
/// of its functions, each when a stream gets there. One thread receives and one runs the program's functions, so that data arrives while a
/// function waits for it; both start with the first region or function. docs/protocol.md, "The host channel".
/// </summary>
internal sealed unsafe partial class HostLink(Session session, Connection connection, FrameReader reader)
{
    private readonly ConcurrentDictionary<long, HostRegion> _regions = new();
    private readonly ConcurrentDictionary<long, HostCallback> _callbacks = new();
    private readonly BlockingCollection<CallRequest> _calls = [];
    private readonly Lock _startLock = new();

    // Held while a frame goes out: both threads answer, and others send changes.
    private readonly Lock _sendLock = new();
    private readonly ByteBuffer _changes = new(256, 1 << 10);

    // Held while a region's memory is touched, so that memory whose region has been removed is touched no more.
    private readonly Lock _regionLock = new();

    // Guards _landed and _lost, and is pulsed when they change.
    private readonly object _landing = new();
    private long _lastId;
    private long _pendingBytes;
    private int _pendingCalls;
    private uint _landed;
    private bool _lost;
    private bool _started;
    private readonly long _greeting = reader.BytesReceived;
    private long _bytesSent;

    /// <summary>Bytes of the connection so far, its greeting apart.</summary>
    public CallStatistics Statistics => new(0, 0, 0, Volatile.Read(ref _bytesSent), reader.BytesReceived - _greeting);

    /// <summary>Bytes that one-time regions wait for.</summary>
    public long PendingBytes => Interlocked.Read(ref _pendingBytes);

    /// <summary>Functions given to streams that have not run yet.</summary>
    public int PendingCalls => Volatile.Read(ref _pendingCalls);

    /// <summary>Names memory for the server. One that is not persistent is used once.</summary>
    public long Add(HostRegion region)
    {
        Start();
        long id = Interlocked.Increment(ref _lastId);
        _regions[id] = region;
        if (!region.IsPersistent)
        {
            Interlocked.Add(ref _pendingBytes, (long)region.Length);
        }

        return id;
    }

    /// <summary>Names a function for the server, which says when it calls it for the last time.</summary>
    public long Add(HostCallback callback)
    {
        Start();
        long id = Interlocked.Increment(ref _lastId);
        _callbacks[id] = callback;
        if (!callback.IsPersistent)
        {
            Interlocked.Increment(ref _pendingCalls);
        }

        return id;
    }

    /// <summary>A function by its number; null for one that is there no more.</summary>
    public HostCallback? Find(long callback) => _callbacks.GetValueOrDefault(callback);

    /// <summary>The region's memory is not touched any more when this returns; what the server still sends to it is dropped.</summary>
    public void RemoveRegion(long id)
    {
        lock (_regionLock)
        {
            if (_regions.TryRemove(id, out HostRegion? region) && !region.IsPersistent)
            {
                Interlocked.Add(ref _pendingBytes, -(long)region.Length);
            }
        }
    }

    /// <summary>
    /// After the session's end: no memory of the program is touched any more when this returns, and none of its functions called but the one
    /// that runs. That one is not waited for: it may be waiting for the thread that ends the session.
    /// </summary>
    public void RemoveAll()
    {
        _callbacks.Clear();
        lock (_regionLock)
        {
            _regions.Clear();
        }
    }

    /// <summary>The server calls it no more.</summary>
    public void RemoveCallback(long id)
    {
        if (_callbacks.TryRemove(id, out HostCallback? callback) && callback.EndsWait())
        {
            Interlocked.Decrement(ref _pendingCalls);
        }
    }

    /// <summary>One-time regions that touch the <paramref name="bytes"/> at <paramref name="start"/>.</summary>
    public IEnumerable<long> PendingWithin(ulong start, ulong bytes)
    {
        foreach ((long id, HostRegion region) in _regions)
        {
            if (!region.IsPersistent && Overlaps(region, start, bytes))
            {
                yield return id;
            }
        }
    }

    /// <summary>Waits until the first <paramref name="writes"/> writes of the server (modulo 2^32) are in the program's memory.</summary>
    /// <exception cref="IOException">The session was lost before.</exception>
    public void WaitForWrites(uint writes)
    {
        // Pairs with Landed's write: the bytes were written before it.
        if ((int)(writes - Volatile.Read(ref _landed)) <= 0)
        {
            return;
        }

        lock (_landing)
        {
            while ((int)(writes - _landed) > 0)
            {
                if (_lost)
                {
                    throw new IOException("the server's connection for host memory ended");
                }

                Monitor.Wait(_landing);
            }
        }
    }

    /// <summary>Tells the server what has changed in the memory that begins at <paramref name="start"/>. In order of the calls.</summary>
    public void SendChanges(ulong start, ulong offset, ReadOnlySpan<byte> changes)
    {
        lock (_sendLock)
        {
            _changes.Clear(FrameHeader.Size);
            var writer = new MessagePackWriter(_changes);
            writer.Write(start);
            writer.Write(offset);
            writer.Flush();
            new FrameHeader((uint)(_changes.Length - FrameHeader.Size), ControlId.HostChanges, FrameFlags.None, 0, 0, (ulong)changes.Length)
                .Write(_changes.Slice(0, FrameHeader.Size));
            connection.Send(_changes.Written, changes);
            _bytesSent += _changes.Length + changes.Length;
            session.Recorder?.Current.SentAlong(_changes.Length + changes.Length);
        }
    }

    private static bool Overlaps(HostRegion region, ulong start, ulong bytes) => (ulong)region.Start < start + bytes && start < region.End;

    /// <summary>Begins to receive, unless it has.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _started))
        {
            return;
        }

        lock (_startLock)
        {
            if (!_started)
            {
                new Thread(Receive) { IsBackground = true, Name = "cudarpc host" }.Start();
                new Thread(RunCalls) { IsBackground = true, Name = "cudarpc callbacks" }.Start();
                Volatile.Write(ref _started, true);
            }
        }
    }

    private void Receive()
    {
        Exception? failure = null;
        try
        {
            while (reader.Read(out FrameHeader header))
            {
                Serve(header);
            }
        }
        catch (Exception thrown) when (thrown is IOException or ProtocolException or MessagePackSerializationException or EndOfStreamException
            or OverflowException or ObjectDisposedException or FormatException)
        {
            failure = thrown;
        }

        session.HostLinkEnded(failure ?? new IOException("the server ended the session"));
        _calls.CompleteAdding();
        lock (_landing)
        {
            _lost = true;
            Monitor.PulseAll(_landing);
        }
    }

    private void Serve(in FrameHeader header)
    {
        var body = new MessagePackReader(reader.Body);
        switch (header.CallId)
        {
            case ControlId.HostWrite:
                Write(body.ReadInt64(), body.ReadUInt64(), header.BulkLength, body.ReadBoolean());
                break;
            case ControlId.HostChanges:
                session.HostMemory.Apply(body.ReadUInt64(), body.ReadUInt64(), reader, header.BulkLength);
                Land();
                break;
            case ControlId.TraceTimes:
                TakeTimes(header, body.ReadInt64(), body.ReadUInt64(), body.ReadBoolean());
                break;
            case ControlId.HostRead:
                Read(header.Sequence, body.ReadInt64(), body.ReadUInt64(), body.ReadUInt64(), body.ReadBoolean());
                break;
            case ControlId.HostCall:
                _calls.Add(new CallRequest(header.Sequence, body.ReadInt64(), (CUresult)body.ReadUInt32(), body.ReadBoolean()));
                break;
            case ControlId.HostNotify:
                _calls.Add(new CallRequest(0, body.ReadInt64(), CUresult.CUDA_SUCCESS, IsLast: false, ReadNotification(body.ReadBytes())));
                break;
            default:
                ProtocolException.Throw($"call 0x{header.CallId:x8} on the session's own connection");
                break;
        }
    }

    private void Write(long id, ulong offset, ulong length, bool isLast)
    {
        lock (_regionLock)
        {
            // One that has been removed: the program freed the memory first. The bytes are skipped with the frame.
            if (_regions.TryGetValue(id, out HostRegion? region))
            {
                RequireWithin(region, offset, length);
                for (nuint done = 0; done < length;)
                {
                    byte* piece = region.Piece((nuint)offset + done, (nuint)length - done, out nuint together);
                    reader.ReadBulk(piece, together);
                    done += together;
                }

                if (isLast)
                {
                    RemoveRegion(id);
                }
            }
            else if (isLast && length == 0)
            {
                RemoveCallback(id);
            }
        }

        Land();
    }

    private void Land()
    {
        lock (_landing)
        {
            Volatile.Write(ref _landed, _landed + 1);
            Monitor.PulseAll(_landing);
        }
    }

    private void Read(ulong sequence, long id, ulong offset, ulong length, bool isLast)
    {
        lock (_regionLock)
        {
            if (!_regions.TryGetValue(id, out HostRegion? region))
            {
                Reply(ControlId.HostRead, sequence, null, 0, 0);
                return;
            }

            RequireWithin(region, offset, length);
            Reply(ControlId.HostRead, sequence, region, (nuint)offset, (nuint)length);
            if (isLast)
            {
                RemoveRegion(id);
            }
        }
    }

    private static void RequireWithin(HostRegion region, ulong offset, ulong length)
    {
        if (offset > region.Length || length > region.Length - offset)
        {
            ProtocolException.Throw($"{length} bytes at {offset} of a host region of {region.Length}");
        }
    }

    // The region's bytes follow as bulk; where there is no region the bulk is empty, which the server takes for "gone".
    private void Reply(uint callId, ulong sequence, HostRegion? region, nuint offset, nuint length)
    {
        Span<byte> header = stackalloc byte[FrameHeader.Size];
        new FrameHeader(0, callId, FrameFlags.Reply, 0, sequence, length).Write(header);
        lock (_sendLock)
        {
            connection.Send(header, default);
            _bytesSent += header.Length + (long)length;
            for (nuint done = 0; done < length;)
            {
                byte* piece = region!.Piece(offset + done, length - done, out nuint together);
                int step = (int)nuint.Min(together, int.MaxValue);
                // SAFETY: within the region, which the program vouches for until the copy is done.
                connection.Send(new ReadOnlySpan<byte>(piece, step), default);
                done += (nuint)step;
            }
        }
    }
}
