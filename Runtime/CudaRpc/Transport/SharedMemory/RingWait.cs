using System.Diagnostics;
using System.Runtime.Intrinsics.X86;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// One side of a ring and how it waits for the other: the consumer for <see cref="RingWords.Head"/> to move, the producer for
/// <see cref="RingWords.Tail"/>. Spins first, then says that it sleeps and waits for its bell. One thread at a time.
/// </summary>
/// <remarks>
/// No bell is lost, by Dekker's argument. The waiter writes "sleeps", then looks at the position; the mover writes the position
/// (<see cref="RingWriter"/>, <see cref="RingReader"/>), then looks for "sleeps". A full fence stands between the two steps on both
/// sides, so one of them sees the other's write. A mover that goes on to wait for an answer makes its fence, and looks once more, when that has
/// not come soon (<see cref="RingWriter.TryWriteInline"/>, <see cref="RingWriter.Rouse"/>). RingProtocolTests walks through every interleaving, store buffers included.
/// </remarks>
internal sealed unsafe class RingWait(ulong* position, int* own, int* other, Doorbell bell)
{
    // Looks between two looks at the clock.
    private const int Looks = 16;

    // The other side is at work on bytes meanwhile, and whoever sleeps is woken on its processor, where the two go on by turns: for more than a
    // piece takes, and more than it takes a thread to move to another processor.
    private static readonly long s_bulk = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 1_000_000 * 100 : 0;

    // Some twenty launches. 8.9 million launches a second with half of it, 9.3 with this.
    private static readonly long s_gathering = Environment.ProcessorCount > 1 ? Stopwatch.Frequency * 25 / 10_000_000 : 0;

    // Looks for what comes at once, without the clock: some 0.7 us, or twice that where a pause is long.
    private static readonly int s_soon = Environment.ProcessorCount > 1 ? 32 : 0;

    private SpinBudget _budget = new(isNear: true);
    private MoveBudget _moves = new();

    /// <summary>Whether the position comes not to be <paramref name="from"/> within about a microsecond.</summary>
    public bool MovesSoon(ulong from)
    {
        for (int look = 0; look < s_soon; look++)
        {
            if (HasMoved(from))
            {
                _budget.SucceededSoon();
                return true;
            }

            Pause();
        }

        return false;
    }

    /// <summary>Waits until the position is not <paramref name="from"/>. False where it is still and the other side has gone.</summary>
    /// <param name="from">Where the position is.</param>
    /// <param name="deadline">In <see cref="Environment.TickCount64"/>.</param>
    /// <param name="amidBulk">Whether it is many bytes that go through the ring.</param>
    /// <exception cref="IOException"><paramref name="deadline"/> has passed, or the other side broke the protocol.</exception>
    public bool UntilMoved(ulong from, long deadline, bool amidBulk)
    {
        if (SpinUntilMoved(from, amidBulk))
        {
            return true;
        }

        while (true)
        {
            // Announce, then look once more. The exchange is the full fence that pairs with the one in RingWriter.Show and RingReader.Release.
            int said = Interlocked.CompareExchange(ref *own, RingState.Sleeps, RingState.Awake);
            if (HasMoved(from))
            {
                // Where the other side has taken the announcement back, its ring is on the way and wakes the next sleep for nothing.
                Interlocked.CompareExchange(ref *own, RingState.Awake, RingState.Sleeps);
                return true;
            }

            // After "closed" or the bell's end nothing is written any more: the last look decides.
            if (said == RingState.Closed || Volatile.Read(ref *other) == RingState.Closed || !bell.WaitForRing(deadline))
            {
                return HasMoved(from);
            }
        }
    }

    /// <summary>
    /// Whether the other side sleeps, and the caller has to ring. To be asked when the caller's position has been written and a full fence
    /// stands behind that: it pairs with the announcement in <see cref="UntilMoved"/>.
    /// </summary>
    /// <exception cref="IOException">The word holds nothing that this protocol writes.</exception>
    public static bool TakeSleep(ref int state, string peer)
    {
        int said = Volatile.Read(ref state);
        return said switch
        {
            RingState.Awake => false,
            // One ring for each announcement, whoever makes it.
            RingState.Sleeps => Interlocked.CompareExchange(ref state, RingState.Awake, RingState.Sleeps) == RingState.Sleeps,
            RingState.Closed => false,
            _ => throw new IOException($"{peer} wrote 0x{said:x} where shared memory says whether it sleeps"),
        };
    }

    /// <summary>Lets some microseconds pass, or less where <paramref name="hurry"/> comes to be beyond <paramref name="position"/>.</summary>
    public static void Gather(ref ulong hurry, ulong position)
    {
        long until = Stopwatch.GetTimestamp() + s_gathering;
        do
        {
            for (int look = 0; look < Looks; look++)
            {
                if ((long)(Volatile.Read(ref hurry) - position) > 0)
                {
                    return;
                }

                Pause();
            }
        }
        while (Stopwatch.GetTimestamp() < until);
    }

    private bool SpinUntilMoved(ulong from, bool amidBulk)
    {
        if (amidBulk)
        {
            return SpinAmidBulk(from);
        }

        bool moved = Spin(from, _budget.Next(), out bool isClosed);
        if (moved)
        {
            _budget.Succeeded();
        }
        else if (!isClosed)
        {
            _budget.Failed();
        }

        return moved;
    }

    // Once more behind a failure, which is all that a move takes.
    private bool SpinAmidBulk(ulong from)
    {
        if (Spin(from, s_bulk, out bool isClosed))
        {
            _moves.Succeeded();
            return true;
        }

        if (!isClosed)
        {
            _moves.Failed();
        }

        return Spin(from, 0, out _);
    }

    private bool Spin(ulong from, long ticks, out bool isClosed)
    {
        isClosed = false;
        long until = Stopwatch.GetTimestamp() + ticks;
        do
        {
            for (int look = 0; look < Looks; look++)
            {
                if (HasMoved(from))
                {
                    return true;
                }

                Pause();
            }

            isClosed = Volatile.Read(ref *other) == RingState.Closed || Volatile.Read(ref *own) == RingState.Closed;
        }
        while (!isClosed && Stopwatch.GetTimestamp() < until);

        return false;
    }

    private static void Pause()
    {
        // One instruction; the shortest SpinWait is several, and half of them is what an answer waits for nothing.
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    // Acquires what the other side wrote before it moved: bytes before Head, room before Tail.
    private bool HasMoved(ulong from) => Volatile.Read(ref *position) != from;
}
