using System.Buffers;
using System.Diagnostics;

namespace CudaRpc.Transport.Emulation;

/// <summary>A connection through an <see cref="EmulatedLink"/>. What is sent is copied and leaves when it would arrive; what arrives is given out when it would have.</summary>
internal sealed class EmulatedConnection(EmulatedLink link, Connection inner) : Connection
{
    // Sent one by one, so that the first of a large copy arrive while the last are still being sent.
    private const int Piece = 16 << 10;
    // Much less than a connection's turn on the link; nanoseconds.
    private const long SendPause = 100_000;
    private static readonly long s_patience = PreciseWait.Ticks(TimeSpan.FromSeconds(1));
    private static readonly long s_nap = PreciseWait.Ticks(TimeSpan.FromMicroseconds(200));

    // Guards everything that is on its way to the server.
    private readonly object _sendLock = new();
    private readonly Queue<Segment> _outgoing = new();
    private readonly Stack<byte[]> _free = new();
    private readonly Queue<Segment> _incoming = new();
    private long _outgoingBytes;
    private long _incomingBytes;
    private readonly byte[] _batch = new byte[4 * Piece];
    private int _batchLength;
    private long _batchDue;
    private int _delivered;
    private int _taken;
    private bool _closed;
    private long _endDue;
    private volatile bool _ending;
    private volatile bool _ended;
    private volatile bool _disposing;
    private volatile IOException? _failure;

    public override string Peer => inner.Peer;

    public override long Deadline
    {
        get => inner.Deadline;
        set => inner.Deadline = value;
    }

    /// <summary>Whether something waits to arrive.</summary>
    public bool HasPending => Volatile.Read(ref _outgoingBytes) > 0 || (_ending && !_ended) || (_disposing && !IsOver);

    /// <summary>Whether the link may forget the connection.</summary>
    public bool IsOver { get; private set; }

    public override void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Send(first);
        Send(second);
    }

    public override int TrySend(ReadOnlySpan<byte> bytes)
    {
        int sent = 0;
        while (sent < bytes.Length && TryPiece(bytes[sent..]) is int piece and > 0)
        {
            sent += piece;
        }

        return sent;
    }

    public override int Receive(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            bool flows = Collect();
            if (!_incoming.TryPeek(out Segment head))
            {
                if (_closed)
                {
                    return 0;
                }

                // Nothing is on its way: the next bytes are stamped when they come.
                byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
                Arrived(buffer, inner.Receive(buffer.AsSpan(0, Piece)));
            }
            else if (Stopwatch.GetTimestamp() >= head.Due)
            {
                return Take(head, destination);
            }
            else if (!flows)
            {
                // Not for long: what comes meanwhile would seem to come when the sleep ends.
                PreciseWait.Step(Math.Min(head.Due, Stopwatch.GetTimestamp() + s_nap));
            }

            ThrowIfLate();
        }

        return 0;
    }

    public override int TryReceive(Span<byte> destination)
    {
        Collect();
        return _incoming.TryPeek(out Segment head)
            ? Stopwatch.GetTimestamp() >= head.Due ? Take(head, destination) : -1
            : _closed ? 0 : -1;
    }

    /// <summary>Ends the connection once all that was sent has arrived; the peer learns of the end as late as it would of a byte.</summary>
    public override void Abort()
    {
        End();
        link.Wake();
    }

    public override void Dispose()
    {
        End();
        _disposing = true;
        if (link.IsOver)
        {
            inner.Dispose();
        }

        link.Wake();
    }

    /// <summary>The link's thread: lets arrive what is due. When the next is; null where nothing is under way.</summary>
    public long? Deliver(long now)
    {
        lock (_sendLock)
        {
            while (Gather(now))
            {
                if (!DeliverBatch(now))
                {
                    return now;
                }
            }

            if (_outgoing.TryPeek(out Segment head))
            {
                return head.Due;
            }

            if (_ending && !_ended)
            {
                if (now < _endDue)
                {
                    return _endDue;
                }

                inner.Abort();
                _ended = true;
            }

            if (_disposing)
            {
                inner.Dispose();
                IsOver = true;
            }

            return null;
        }
    }

    private void End()
    {
        lock (_sendLock)
        {
            if (!_ending)
            {
                _endDue = link.SendEnd();
                _ending = true;
            }
        }
    }

    // What is due together arrives together: a system call for each small message would take longer than the network.
    private bool Gather(long now)
    {
        if (_delivered < _batchLength)
        {
            return true;
        }

        (_delivered, _batchLength) = (0, 0);
        while (_outgoing.TryPeek(out Segment head) && head.Due <= now && head.Length <= _batch.Length - _batchLength)
        {
            head.Bytes.AsSpan(0, head.Length).CopyTo(_batch.AsSpan(_batchLength));
            _batchLength += head.Length;
            _batchDue = head.Due;
            _outgoing.Dequeue();
            _free.Push(head.Bytes);
        }

        return _batchLength > 0;
    }

    private bool DeliverBatch(long now)
    {
        // A server that reads no more does not keep the connection from ending.
        if (_ending && now > _batchDue + s_patience)
        {
            _failure ??= new IOException($"{Peer} reads nothing");
        }

        int sent = _batchLength - _delivered;
        try
        {
            sent = _failure is null ? inner.TrySend(_batch.AsSpan(_delivered, sent)) : sent;
        }
        catch (IOException failure)
        {
            // The sender is told with its next bytes.
            _failure = failure;
        }

        _delivered += sent;
        Volatile.Write(ref _outgoingBytes, _outgoingBytes - sent);
        return _delivered == _batchLength;
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int sent = TryPiece(bytes);
            bytes = bytes[sent..];
            if (sent == 0)
            {
                ThrowIfLate();
                Libc.Sleep(SendPause);
            }
        }
    }

    private int TryPiece(ReadOnlySpan<byte> bytes)
    {
        if (_failure is IOException failure)
        {
            throw new IOException(failure.Message, failure);
        }

        int length = Math.Min(bytes.Length, Piece);
        lock (_sendLock)
        {
            if (_ending)
            {
                throw new IOException($"connection to {Peer} was closed");
            }

            if (_outgoingBytes > link.Window || link.TrySend(length) is not (> 0 and var due))
            {
                return 0;
            }

            byte[] copy = _free.TryPop(out byte[]? kept) ? kept : new byte[Piece];
            bytes[..length].CopyTo(copy);
            _outgoing.Enqueue(new Segment(due, copy, length));
            Volatile.Write(ref _outgoingBytes, _outgoingBytes + length);
        }

        link.Wake();
        return length;
    }

    // What has come is on the link from now on, whenever it is asked for.
    private bool Collect()
    {
        bool any = false;
        while (!_closed && _incomingBytes < link.Window)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
            int received = inner.TryReceive(buffer.AsSpan(0, Piece));
            if (received < 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                break;
            }

            Arrived(buffer, received);
            any = true;
        }

        return any;
    }

    private void Arrived(byte[] buffer, int length)
    {
        if (length == 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _closed = true;
            return;
        }

        _incoming.Enqueue(new Segment(link.Receive(length), buffer, length));
        _incomingBytes += length;
    }

    private int Take(Segment head, Span<byte> destination)
    {
        int length = Math.Min(head.Length - _taken, destination.Length);
        head.Bytes.AsSpan(_taken, length).CopyTo(destination);
        _taken += length;
        if (_taken == head.Length)
        {
            _taken = 0;
            _incoming.Dequeue();
            ArrayPool<byte>.Shared.Return(head.Bytes);
            _incomingBytes -= head.Length;
        }

        return length;
    }

    private void ThrowIfLate()
    {
        if (Environment.TickCount64 > Deadline)
        {
            throw new IOException($"{Peer} did not answer in time");
        }
    }

    private readonly record struct Segment(long Due, byte[] Bytes, int Length);
}
