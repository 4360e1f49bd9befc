using System.Diagnostics;
using System.Runtime.CompilerServices;
using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// The one thread of a session that sends what posted calls have queued, so that a burst leaves in few, large sends. A thread that posts wakes it
/// where it sleeps; or sends its call itself, where that takes less and no others follow closely. Either way the first call after a pause leaves at once.
/// Over shared memory it has work only where a ring is full.
/// </summary>
internal sealed unsafe class SendPump : IDisposable
{
    // Nanoseconds between looks at a connection that takes nothing: first about what a socket's buffer lasts, longer and longer where that was not it.
    private const long ShortestPause = 50_000;
    private const long LongestPause = 1_000_000;

    // Turns of SpinWait between two sends, about two microseconds: a burst goes in fewer pieces, and whoever posts it has the lock to himself meanwhile.
    // 4.7 million launches a second without, 7 with it, over shm:// on two processors, when those were sent, too.
    private const int Gathering = 60;

    // Calls that their own thread sends although they follow closely, before it wakes this one: that takes as long as some ten sends.
    private const int Few = 4;

    private static readonly long s_microsecond = Math.Max(1, Stopwatch.Frequency / 1_000_000);

    // Between two calls that do not follow closely: about two sends.
    private static readonly long s_apart = 2 * s_microsecond;

    // Of looking for more before this thread sleeps.
    private static readonly long s_idle = Environment.ProcessorCount > 1 ? 6 * s_microsecond : 0;

    // What the thread does.
    private const int Awake = 0;
    private const int Asleep = 1;
    private const int Watches = 2;

    private readonly Func<PumpResult> _pump;
    private readonly PostOrder _order;
    private readonly PostTurns _turns;
    private readonly Thread _thread;

    // In a line of its own, where it stays: whoever posts looks at it.
    private readonly int[] _words = GC.AllocateArray<int>(64, pinned: true);
    private readonly int* _state;

    // When a thread has sent a call itself, and how many have followed closely; of several threads' any.
    private long _sent;
    private int _close;
    private volatile bool _stopped;

    /// <param name="pump">Sends what is queued as far as that takes no waiting.</param>
    /// <param name="order">The order of the session's calls.</param>
    /// <param name="turns">Whose turn it is.</param>
    public SendPump(Func<PumpResult> pump, PostOrder order, PostTurns turns)
    {
        (_pump, _order, _turns) = (pump, order, turns);
        _state = (int*)Unsafe.AsPointer(ref _words[_words.Length / 2]);
        _thread = new Thread(Run) { IsBackground = true, Name = "cudarpc send" };
        _thread.Start();
    }

    /// <summary>
    /// The calling thread waits for its turn to post, and has said so before a fence: somebody has to look whether the one that has the turn still
    /// posts, as it does not come by here where its calls need not be sent.
    /// </summary>
    public void Watch()
    {
        if (Volatile.Read(ref *_state) == Asleep)
        {
            Wake();
        }
    }

    /// <summary>The calling thread has queued something on a lane, which leaves now. Returns whether this thread slept: then that cost more than queueing.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public bool Queued(Lane lane)
    {
        // Pairs with the fence in Sleep: either the pump sees what was queued, or it is seen asleep.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref *_state) == Awake)
        {
            return false;
        }

        if (!lane.SendsBriefly)
        {
            return Wake();
        }

        if (Stopwatch.GetTimestamp() - Volatile.Read(ref _sent) >= s_apart)
        {
            _close = 0;
        }
        else if (++_close >= Few)
        {
            return Wake();
        }

        // Wakes this thread for what the connection does not take.
        lane.PumpQueued();
        Volatile.Write(ref _sent, Stopwatch.GetTimestamp());
        return true;
    }

    /// <summary>
    /// Something is still queued on a lane; a fence stands behind that. Returns whether the thread slept: then it has been woken.
    /// </summary>
    public bool Wake()
    {
        bool slept = Volatile.Read(ref *_state) != Awake && Interlocked.Exchange(ref *_state, Awake) != Awake;
        if (slept)
        {
            Libc.Wake(_state);
        }

        return slept;
    }

    /// <summary>Ends the thread. What is still queued is not sent.</summary>
    public void Dispose()
    {
        _stopped = true;
        Interlocked.MemoryBarrier();
        Wake();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        PromptThread.Begin();
        long idleSince = 0;
        long pause = ShortestPause;
        ulong last = 0;
        while (!_stopped)
        {
            switch (_pump())
            {
                case PumpResult.Progress:
                    idleSince = 0;
                    pause = ShortestPause;
                    Thread.SpinWait(Gathering);
                    continue;
                case PumpResult.Blocked:
                    // Not a wait for that connection: other lanes may have work before.
                    Libc.SleepPrecisely(pause);
                    pause = Math.Min(2 * pause, LongestPause);
                    continue;
            }

            long now = Stopwatch.GetTimestamp();
            if (idleSince == 0)
            {
                (idleSince, last) = (now, _order.Last);
            }

            if (now - idleSince < s_idle)
            {
                Thread.SpinWait(1);
                continue;
            }

            Sleep(last);
            idleSince = 0;
        }
    }

    // Until somebody wakes the thread. While another waits for its turn, looks now and then whether the one that has it still posts: numbers have
    // been given since last time.
    private void Sleep(ulong last)
    {
        // Announce sleep, then look once more: a thread that queued before it could see the announcement is seen here.
        int state = Asleep;
        Interlocked.Exchange(ref *_state, state);
        if (_stopped || _pump() != PumpResult.Idle)
        {
            Volatile.Write(ref *_state, Awake);
            return;
        }

        long pause = ShortestPause;
        while (true)
        {
            bool watches = _order.IsAwaited;
            if (watches && _order.Last == last && _turns.PassWhereIdle())
            {
                pause = ShortestPause;
            }

            last = _order.Last;
            // A fence, as above: a thread that waits before it could see that this one watches no more is seen below.
            int next = watches ? Watches : Asleep;
            if (Interlocked.CompareExchange(ref *_state, next, state) != state)
            {
                return;
            }

            state = next;
            if (watches)
            {
                Libc.SleepWhile(_state, state, pause, isPrecise: true);
                pause = Math.Min(2 * pause, LongestPause);
            }
            else if (!_order.IsAwaited)
            {
                Libc.SleepWhile(_state, state, 0, isPrecise: false);
                pause = ShortestPause;
            }
        }
    }
}
