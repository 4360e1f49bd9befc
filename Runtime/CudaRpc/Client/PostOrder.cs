using System.Runtime.InteropServices;

namespace CudaRpc.Client;

/// <summary>
/// The order of a session's calls: whoever holds it may number a call and queue it. What all posting threads write lies together, in a cache line
/// that nothing else is in: it moves from processor to processor with every turn, and what lay beside it would be missed with it.
/// </summary>
internal sealed class PostOrder
{
    // Posted calls of other threads after which a lane whose own thread posts nothing is no longer the carrier, once one of those threads waits.
    private const int LongestAbsence = 64;

    private Shared _shared;

    /// <summary>The number of the session's last call so far.</summary>
    public ulong Last => Volatile.Read(ref _shared.Sequence);

    /// <summary>The lane that takes the posted calls of all threads, if any; without the lock it may be another a moment later.</summary>
    public Lane? Carrier => Volatile.Read(ref _shared.Carrier);

    /// <summary>That of the lane whose thread has posted last, if any.</summary>
    public PostTurn? Poster => Volatile.Read(ref _shared.Poster);

    /// <summary>Whether a thread waits for its turn to post (<see cref="PostTurns"/>).</summary>
    public bool IsAwaited
    {
        get => Volatile.Read(ref _shared.IsAwaited);
        set => Volatile.Write(ref _shared.IsAwaited, value);
    }

    /// <summary>Holds the order until the scope is disposed. Taken after a lane's send lock, never before it.</summary>
    public BriefLock.Scope EnterScope() => _shared.Lock.EnterScope();

    /// <summary>Held: the lane ends.</summary>
    public void Forget(Lane lane)
    {
        if (_shared.Carrier == lane)
        {
            _shared.Carrier = null;
        }

        if (_shared.Poster == lane.Turn)
        {
            _shared.Poster = null;
        }
    }

    /// <summary>Held: that lane's thread posts.</summary>
    public void NotePoster(PostTurn own) => _shared.Poster = own;

    /// <summary>Held: the number of the call that is next.</summary>
    public ulong Next() => ++_shared.Sequence;

    /// <summary>
    /// Held: the lane that takes a posted call of <paramref name="own"/>'s thread. The calls of all threads go one way, because
    /// the server would have to hand the turn from lane to lane with every call that goes another. It is the way of a thread that posts;
    /// one that waits, or sends much, gives it up.
    /// </summary>
    public Lane CarrierFor(Lane own)
    {
        Lane? carrier = _shared.Carrier;
        if (carrier is null || carrier == own)
        {
            (_shared.Carrier, _shared.Foreign) = (own, 0);
            return own;
        }

        if (_shared.Foreign <= LongestAbsence)
        {
            _shared.Foreign++;
        }

        return carrier;
    }

    /// <summary>
    /// Held: the lane's thread is about to wait, or sends much. It takes no more posted calls of other threads; nor does the lane of a thread that has
    /// long posted none, because whoever posts over one lane and waits over another waits for the server's threads to change as well.
    /// </summary>
    /// <param name="lane">The lane.</param>
    /// <param name="hasPosted">Whether its thread has posted something before.</param>
    public void EndCarrying(Lane lane, bool hasPosted)
    {
        if (_shared.Carrier == lane || (hasPosted && _shared.Foreign > LongestAbsence))
        {
            _shared.Carrier = null;
        }
    }

    // Two lines apart from what lies before and behind: processors fetch lines in pairs.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Shared
    {
        [FieldOffset(128)]
        public Lane? Carrier;

        [FieldOffset(136)]
        public ulong Sequence;

        // Posted calls of other threads since the carrier's own; no more are counted than matter.
        [FieldOffset(144)]
        public int Foreign;

        [FieldOffset(148)]
        public BriefLock Lock;

        [FieldOffset(152)]
        public PostTurn? Poster;

        [FieldOffset(160)]
        public bool IsAwaited;
    }
}
