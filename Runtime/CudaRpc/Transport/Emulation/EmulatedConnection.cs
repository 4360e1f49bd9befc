using System.Buffers;
using System.Diagnostics;

namespace CudaRpc.Transport.Emulation;

/// <summary>A connection through an <see cref="EmulatedLink"/>. What is sent is copied and leaves when it would arrive; what arrives is given out when it would have.</summary>
internal sealed partial class EmulatedConnection(EmulatedLink link, Connection inner, LinkDirection up, LinkDirection down) : Connection
{
    // Sent one by one, so that the first of a large copy arrive while the last are still being sent.
    private const int Piece = 16 << 10;
    private static readonly long s_nap = PreciseWait.Ticks(TimeSpan.FromMicroseconds(200));

    // How long after a delivery the reply to it is looked for without sleeping, so that it is stamped when it comes and not when a thread is awake.
    private static readonly long s_watch = PreciseWait.Ticks(TimeSpan.FromMicroseconds(200));

    private readonly Queue<Segment> _incoming = new();
    private long _incomingBytes;
    private int _taken;
    private bool _closed;

    public override string Peer => inner.Peer;

    public override long Deadline
    {
        get => inner.Deadline;
        set => inner.Deadline = value;
    }

    public override int Receive(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int received = ReceiveWatching(destination);
            if (received >= 0)
            {
                return received;
            }

            // Nothing is on its way here: the next bytes are stamped when they come.
            byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
            Arrived(buffer, inner.Receive(buffer.AsSpan(0, Piece)));
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

    // A thread that waits does the link's work itself: a reply that another had to wake it for would seem to be later than it is. -1 where
    // there is nothing to wait for but the server.
    private int ReceiveWatching(Span<byte> destination)
    {
        link.BeginWatch();
        try
        {
            while (true)
            {
                bool flows = Collect();
                long now = Stopwatch.GetTimestamp(), next = now + link.Nap;
                if (_incoming.TryPeek(out Segment head))
                {
                    if (now >= head.Due)
                    {
                        return Take(head, destination);
                    }

                    // Not for long: what comes meanwhile would seem to come when the sleep ends.
                    next = Math.Min(next, Math.Min(head.Due, now + s_nap));
                }
                else if (_closed)
                {
                    return 0;
                }

                next = Math.Min(next, link.Deliver(now));
                bool isWatching = now - Volatile.Read(ref _lastDelivery) < s_watch;
                if (_incoming.Count == 0 && !isWatching && Volatile.Read(ref _outgoingBytes) == 0)
                {
                    return -1;
                }

                if (isWatching)
                {
                    Thread.Yield();
                }
                else if (next <= now)
                {
                    // The server is behind, and may need the processor.
                    Libc.SleepPrecisely(EmulatedLink.Retry);
                }
                else if (!flows)
                {
                    PreciseWait.Step(next);
                }

                ThrowIfLate();
            }
        }
        finally
        {
            link.EndWatch();
        }
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

        _incoming.Enqueue(new Segment(link.Receive(length, down), buffer, length));
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
