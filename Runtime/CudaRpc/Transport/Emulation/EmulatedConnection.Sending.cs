using System.Diagnostics;

namespace CudaRpc.Transport.Emulation;

// What is on its way to the server, and the end.
internal sealed partial class EmulatedConnection
{
    // Much less than a connection's turn on the link; nanoseconds.
    private const long SendPause = 100_000;
    private static readonly long s_patience = PreciseWait.Ticks(TimeSpan.FromSeconds(1));

    // Guards everything that is on its way to the server.
    private readonly object _sendLock = new();
    private readonly Queue<Segment> _outgoing = new();
    private readonly Stack<byte[]> _free = new();
    private long _outgoingBytes;
    private readonly byte[] _batch = new byte[4 * Piece];
    private int _batchLength;
    private long _batchDue;
    private int _delivered;
    private long _lastDelivery;
    private long _endDue;
    private volatile bool _ending;
    private volatile bool _ended;
    private volatile bool _disposing;
    private volatile IOException? _failure;

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

    /// <summary>Lets arrive what is due, on whichever thread. When the next is; null where nothing is under way.</summary>
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

        if (sent > 0)
        {
            Volatile.Write(ref _lastDelivery, Stopwatch.GetTimestamp());
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

            if (_outgoingBytes > link.Window || link.TrySend(length, up) is not (> 0 and var due))
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
}
