using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// The consumer of a ring. Its own position is private. Bytes are copied out before anybody looks at them: the peer can change them at
/// any time. One thread at a time.
/// </summary>
internal sealed unsafe class RingReader(RingWords* words, byte* bytes, int capacity, Doorbell arrivals, Doorbell producer, string peer)
{
    // Room that is given back at a time, so that the peer writes into it while the next bytes are copied out.
    private const int Piece = 64 << 10;

    private readonly RingWait _wait = new(&words->Head, &words->Consumer, &words->Producer, arrivals);

    // Bytes that are given back together, unless they come in larger pieces: neither a store to a line that the producer reads nor a fence
    // for each small message. A producer that sleeps for room has more than that ahead.
    private readonly ulong _held = (ulong)Math.Min(Piece, capacity / 8);
    private ulong _tail;
    private ulong _released;

    // Whether what was read last may have been posted.
    private bool _maybePosted;

    /// <summary>Whether something is there, or comes soon, as an answer does. What may be among more posts is left to <see cref="Read"/>.</summary>
    /// <exception cref="IOException">The peer broke the protocol.</exception>
    public bool ComesSoon() => !_maybePosted && (Available() > 0 || _wait.MovesSoon(_tail));

    /// <summary>Copies what is there, and waits while nothing is. 0 where the peer has gone and all it published has been read.</summary>
    /// <exception cref="IOException">The peer broke the protocol, or <paramref name="deadline"/> has passed.</exception>
    public int Read(Span<byte> destination, long deadline)
    {
        int done = 0;
        while (done < destination.Length)
        {
            int there = Available();
            if (there == 0)
            {
                if (done > 0)
                {
                    break;
                }

                if (_maybePosted && TryGather())
                {
                    continue;
                }

                if (!_wait.UntilMoved(_tail, deadline, amidBulk: destination.Length > Piece))
                {
                    return 0;
                }

                continue;
            }

            if (there <= RingWords.MostInline && there <= destination.Length - done && TryReadInline(destination[done..], there))
            {
                done += there;
                Release(there, 0);
                break;
            }

            int at = (int)(_tail & (ulong)(capacity - 1));
            int piece = Math.Min(Math.Min(Math.Min(destination.Length - done, there), capacity - at), Piece);
            // SAFETY: at + piece is within the ring; there, which is checked, bounds what the producer has published.
            new ReadOnlySpan<byte>(bytes + at, piece).CopyTo(destination[done..]);
            done += piece;
            _maybePosted = true;
            Release(piece, there - piece);
        }

        return done;
    }

    /// <summary>Copies what is there; -1 where nothing is, 0 where the peer has closed and all it published has been read.</summary>
    public int TryRead(Span<byte> destination)
    {
        // Looked at first: nothing is published after it.
        bool isClosed = Volatile.Read(ref words->Producer) == RingState.Closed;
        return Available() > 0 ? Read(destination, long.MaxValue) : isClosed ? 0 : -1;
    }

    /// <summary>
    /// What is there, without a copy: at most <paramref name="wanted"/> and half of the ring, so that the producer can go on. Waits for a
    /// piece. 0 bytes where the peer has gone and all it published has been read.
    /// </summary>
    public byte* Peek(int wanted, long deadline, out int there)
    {
        int at = (int)(_tail & (ulong)(capacity - 1));
        wanted = Math.Min(Math.Min(wanted, capacity - at), capacity / 2);
        // No more than what is there while the producer sleeps for room: it is woken at half of the ring, or as much as is held back later.
        int enough = Math.Min(wanted, Math.Min(Piece, capacity / 4));
        while ((there = Available()) < enough && _wait.UntilMoved(_tail + (ulong)there, deadline, amidBulk: true))
        {
        }

        there = Math.Min(there, wanted);
        return bytes + at;
    }

    /// <summary>Gives the first <paramref name="length"/> bytes of what was peeked at back to the producer.</summary>
    public void Advance(int length) => Release(length, Available() - length);

    // Where all that was posted has been read, lets more of it gather before the next look at the producer's position: each look takes the line away
    // from the producer, which then waits for it with its next post. Once. Apart from the path that every message takes.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryGather()
    {
        _maybePosted = false;
        if (Volatile.Read(ref words->Posted) != _tail)
        {
            return false;
        }

        RingWait.Gather(ref words->Hurry, _tail);
        return true;
    }

    // What little has come is there in the line that said so. The bytes are taken before it is looked at whether they were others meanwhile.
    private bool TryReadInline(Span<byte> destination, int there)
    {
        ulong said = RingWords.InlineAt(_tail, there);
        if (Volatile.Read(ref words->Inline) != said)
        {
            return false;
        }

        new ReadOnlySpan<byte>(words->InlineBytes, there).CopyTo(destination);
        Volatile.ReadBarrier();
        return Volatile.Read(ref words->Inline) == said;
    }

    private int Available()
    {
        // Acquires the bytes: pairs with the exchange in RingWriter.Show and the write in RingWriter.TryWriteInline.
        ulong there = Volatile.Read(ref words->Head) - _tail;
        if (there > (ulong)capacity)
        {
            ThrowTooMuch(there);
        }

        return (int)there;
    }

    // Apart: what makes a text is not inlined.
    [DoesNotReturn]
    private void ThrowTooMuch(ulong there) => throw new IOException($"{peer} claims that {there} bytes wait in a ring of {capacity}");

    // A producer that sleeps is woken when half of the ring is free, not for each piece: the last bytes that it wrote make that true.
    private void Release(int piece, int left)
    {
        _tail += (ulong)piece;
        if (_tail - _released < _held)
        {
            return;
        }

        _released = _tail;
        // Releases the room: pairs with the acquire in RingWriter.Room and RingWait; and is the full fence before the look at the
        // producer's state.
        Interlocked.Exchange(ref words->Tail, _tail);
        if (left <= capacity / 2 && RingWait.TakeSleep(ref words->Producer, peer))
        {
            producer.Ring();
        }
    }
}
