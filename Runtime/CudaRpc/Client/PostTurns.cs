using System.Diagnostics;

namespace CudaRpc.Client;

/// <summary>
/// Who posts, where several threads of a session post call upon call: one at a time, each for a while. What a post writes lies in the cache of its
/// processor; were the order to change hands with every call, each would wait for those lines, up to 0.4 us where the processors are far apart.
/// The others sleep, and leave their processors to those who can use them: where there are few, to the server's thread.
/// </summary>
/// <param name="order">The order of the session's calls.</param>
/// <param name="watch">A thread waits: has somebody look whether the one that has the turn still posts, and else <see cref="PassWhereIdle"/>.</param>
/// <param name="patience">Milliseconds of waiting after which a thread looks again whether others post call upon call.</param>
/// <param name="looks">How often it looks before it posts all the same.</param>
internal sealed class PostTurns(PostOrder order, Action watch, int patience = 10, int looks = 4)
{
    // Turns of SpinWait, some 200 ns and 1 us. A thread that does nothing but post has posted once in the one, several times in the other.
    private const int Glance = 5;
    private const int Look = 27;
    private const ulong Several = 2;

    // Calls that get numbers meanwhile where others post call upon call.
    private const ulong Many = 5000;

    // Posted calls between two looks at the clock, and what they take at most of a thread that posts call upon call itself. One that posts now and
    // then does not wait, and has no turn: it disturbs little, and its turn would be long.
    private const int Some = 64;
    private static readonly long s_dense = Stopwatch.Frequency / 1_000_000 * 128;

    // Bytes of a turn while others wait: some three thousand launches, 0.3 ms. A turn a third as long costs 5 % in changes.
    public const int TurnBytes = 384 << 10;

    // Of those, what a thread posts without looking whether others post, too. So whoever has had to wait comes to post, and short bursts
    // between calls that wait for a reply wait for nobody.
    private const int FirstBytes = 8 << 10;

    // Who waits, in the order they came; guarded by _lock.
    private readonly List<PostTurn> _line = [];
    private readonly Lock _lock = new();

    // The last number when somebody was given the turn.
    private ulong _granted;

    /// <summary>
    /// The order is not held: before a posted call of <paramref name="own"/>'s thread. Waits where that posts call upon call and another thread does so,
    /// too, and lets those who wait have the next turn. Whether it has waited.
    /// </summary>
    /// <param name="own">Its lane's.</param>
    /// <param name="bytes">Of the call.</param>
    public bool Await(PostTurn own, int bytes)
    {
        if (order.Poster != own)
        {
            return AwaitAmongOthers(own, bytes);
        }

        if (!order.IsAwaited)
        {
            return false;
        }

        own.Left -= bytes;
        return (--own.Unlooked <= 0 || own.Left < 0) && AwaitAmidOwnTurn(own);
    }

    /// <summary>The lane's thread posts no more for now: it waits for a reply.</summary>
    public void End(PostTurn own)
    {
        own.Left = TurnBytes;
        if (order.IsAwaited && order.Poster == own)
        {
            Pass();
        }
    }

    /// <summary>
    /// Nothing has been posted for a while: whoever waits may, one at a time. Whether somebody does that has not been told before.
    /// </summary>
    public bool PassWhereIdle()
    {
        if (!order.IsAwaited || order.Last == Volatile.Read(ref _granted))
        {
            return false;
        }

        Pass();
        return true;
    }

    private void Pass()
    {
        PostTurn? next;
        lock (_lock)
        {
            next = Next();
        }

        next?.Grant();
    }

    private bool AwaitAmongOthers(PostTurn own, int bytes)
    {
        if (--own.Unlooked <= 0)
        {
            LookAtClock(own);
        }

        if (own.Left > TurnBytes - FirstBytes)
        {
            own.Left -= bytes;
            return false;
        }

        bool waited = false;
        if (own.IsDense && Advance(Glance) != 0 && Advance(Look) >= Several)
        {
            Wait(own, passes: false, out waited);
        }

        own.Left = TurnBytes;
        return waited;
    }

    private bool AwaitAmidOwnTurn(PostTurn own)
    {
        if (own.Unlooked <= 0)
        {
            LookAtClock(own);
        }

        if (own.Left >= 0)
        {
            return false;
        }

        bool waited = false;
        if (own.IsDense && order.IsAwaited)
        {
            Wait(own, passes: true, out waited);
        }

        own.Left = TurnBytes;
        return waited;
    }

    private void LookAtClock(PostTurn own)
    {
        own.Unlooked = Some;
        long now = Stopwatch.GetTimestamp();
        own.IsDense = now - own.Looked <= s_dense;
        own.Looked = now;
        if (!own.IsDense && order.IsAwaited && order.Poster == own)
        {
            Pass();
        }
    }

    private void Wait(PostTurn own, bool passes, out bool waited)
    {
        PostTurn? next;
        lock (_lock)
        {
            own.Ask();
            _line.Add(own);
            order.IsAwaited = true;
            next = passes ? Next() : null;
        }

        waited = next != own;
        if (!waited)
        {
            return;
        }

        try
        {
            next?.Grant();
            // Pairs with the sender, which says that it sleeps and then looks whether somebody waits.
            Interlocked.MemoryBarrier();
            watch();
            ulong before;
            int look = 0;
            do
            {
                before = order.Last;
            }
            while (!own.Wait(patience) && order.Last - before >= Many && ++look < looks);
            own.Looked = Stopwatch.GetTimestamp();
        }
        finally
        {
            // In any case: a grant that comes late, for the wait before, ends this one while it is in the line.
            lock (_lock)
            {
                _line.Remove(own);
                order.IsAwaited = _line.Count > 0;
            }
        }
    }

    // Under the lock.
    private PostTurn? Next()
    {
        if (_line.Count == 0)
        {
            return null;
        }

        PostTurn next = _line[0];
        _line.RemoveAt(0);
        order.IsAwaited = _line.Count > 0;
        Volatile.Write(ref _granted, order.Last);
        return next;
    }

    // How many calls get numbers meanwhile.
    private ulong Advance(int turns)
    {
        ulong before = order.Last;
        Thread.SpinWait(turns);
        return order.Last - before;
    }
}
