using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CudaRpc.Client;

/// <summary>
/// The order of a session's calls: whoever holds it may number a call and queue it. What all posting threads write lies together, in a cache line
/// that nothing else is in: it moves from processor to processor with every turn, and what lay beside it would be missed with it.
/// </summary>
internal sealed class PostOrder
{
    // Posted calls of other threads after which a lane whose own thread posts nothing is no longer the carrier.
    private const int LongestAbsence = 64;

    // Turns of SpinWait, some 200 ns and 1 us. A thread that does nothing but post has posted once in the one, several times in the other.
    private const int Glance = 5;
    private const int Look = 27;
    private const ulong Several = 2;

    // Yields between two looks.
    private const int Yields = 8;

    // What a thread waits at most, but for a processor.
    private static readonly long s_turn = Stopwatch.Frequency / 1_000_000 * 20;

    private Shared _shared;

    /// <summary>The number of the session's last call so far.</summary>
    public ulong Last => Volatile.Read(ref _shared.Sequence);

    /// <summary>The lane that takes the posted calls of all threads, if any; without the lock it may be another a moment later.</summary>
    public Lane? Carrier => Volatile.Read(ref _shared.Carrier);

    /// <summary>Holds the order until the scope is disposed. Taken after a lane's send lock, never before it.</summary>
    public BriefLock.Scope EnterScope() => _shared.Lock.EnterScope();

    /// <summary>
    /// Not held, before a posted call of <paramref name="own"/>'s thread, which posts call upon call: where another thread does so, too,
    /// leaves it the order for a while. What it writes lies in the cache of its processor; were the order to change hands with every call,
    /// each would wait for those lines, up to 0.4 us where the processors are far apart.
    /// </summary>
    public void AwaitTurn(Lane own)
    {
        Lane? poster = Volatile.Read(ref _shared.Poster);
        if (poster == own || poster is null || Advance(Glance) == 0 || Advance(Look) < Several)
        {
            return;
        }

        // Yields are for those who may need the processor: the server's thread, or the one that posts. Back from one that took long it is
        // this one's turn.
        long until = Stopwatch.GetTimestamp() + s_turn;
        ulong posted;
        do
        {
            ulong before = Last;
            for (int yield = 0; yield < Yields && Stopwatch.GetTimestamp() < until; yield++)
            {
                Thread.Yield();
                Thread.SpinWait(Glance);
            }

            posted = Last - before;
        }
        while (posted >= Several && Stopwatch.GetTimestamp() < until);
    }

    /// <summary>Held: the lane ends.</summary>
    public void Forget(Lane lane)
    {
        DropCarrier(lane);
        if (_shared.Poster == lane)
        {
            _shared.Poster = null;
        }
    }

    /// <summary>Held: the number of the call that is next.</summary>
    public ulong Next() => ++_shared.Sequence;

    /// <summary>
    /// Held: the lane that takes a posted call of <paramref name="own"/>'s thread. The calls of all threads go one way, because
    /// the server would have to hand the turn from lane to lane with every call that goes another. It is the way of a thread that posts, as long
    /// as that thread does: one that waits, or sends much, gives it up.
    /// </summary>
    public Lane CarrierFor(Lane own)
    {
        _shared.Poster = own;
        Lane? carrier = _shared.Carrier;
        if (carrier == own)
        {
            _shared.Foreign = 0;
            return own;
        }

        if (carrier is null || ++_shared.Foreign > LongestAbsence)
        {
            (_shared.Carrier, _shared.Foreign) = (own, 0);
            return own;
        }

        return carrier;
    }

    /// <summary>Held: <paramref name="lane"/> takes no more posted calls of other threads.</summary>
    public void DropCarrier(Lane lane)
    {
        if (_shared.Carrier == lane)
        {
            _shared.Carrier = null;
        }
    }

    // How many calls get numbers meanwhile.
    private ulong Advance(int turns)
    {
        ulong before = Last;
        Thread.SpinWait(turns);
        return Last - before;
    }

    // Two lines apart from what lies before and behind: processors fetch lines in pairs.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Shared
    {
        [FieldOffset(128)]
        public Lane? Carrier;

        [FieldOffset(136)]
        public ulong Sequence;

        // Posted calls of other threads since the carrier's own.
        [FieldOffset(144)]
        public int Foreign;

        [FieldOffset(148)]
        public BriefLock Lock;

        // Whose thread has posted last.
        [FieldOffset(152)]
        public Lane? Poster;
    }
}
