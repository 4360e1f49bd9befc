using System.Diagnostics;
using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// The one thread of a session that sends what posted calls have queued, so that a burst leaves in few, large sends. A thread that posts wakes it
/// where it sleeps; or sends its call itself, where that takes less and no others follow closely. Either way the first call after a pause leaves at once.
/// </summary>
internal sealed class SendPump : IDisposable
{
    // Nanoseconds between looks at a connection that takes nothing: first about what a socket's buffer lasts, longer and longer where that was not it.
    private const long ShortestPause = 50_000;
    private const long LongestPause = 1_000_000;

    // Turns of SpinWait between two sends, about two microseconds: a burst goes in fewer pieces, and whoever posts it has the lock to himself meanwhile.
    // 4.7 million launches a second without, 7 with it, over shm:// on two processors.
    private const int Gathering = 60;

    // Calls that their own thread sends although they follow closely, before it wakes this one: that takes as long as some ten sends.
    private const int Few = 4;

    private static readonly long s_microsecond = Math.Max(1, Stopwatch.Frequency / 1_000_000);

    // Between two calls that do not follow closely: about two sends.
    private static readonly long s_apart = 2 * s_microsecond;

    // Of looking for more before this thread sleeps.
    private static readonly long s_idle = Environment.ProcessorCount > 1 ? 6 * s_microsecond : 0;

    private readonly Session _session;
    private readonly Thread _thread;
    private readonly AutoResetEvent _work = new(false);
    private int _asleep;

    // When a thread has sent a call itself, and how many have followed closely; of several threads' any.
    private long _sent;
    private int _close;
    private volatile bool _stopped;

    public SendPump(Session session)
    {
        _session = session;
        _thread = new Thread(Run) { IsBackground = true, Name = "cudarpc send" };
        _thread.Start();
    }

    /// <summary>Whether the thread sleeps, or is about to.</summary>
    public bool IsAsleep => Volatile.Read(ref _asleep) != 0;

    /// <summary>The calling thread has queued something on a lane, which leaves now. Returns whether this thread slept: then that cost more than queueing.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public bool Queued(Lane lane)
    {
        // Pairs with the fence in Run: either the pump sees what was queued, or it is seen asleep.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _asleep) == 0)
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
        bool slept = Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0;
        if (slept)
        {
            _work.Set();
        }

        return slept;
    }

    /// <summary>Ends the thread. What is still queued is not sent.</summary>
    public void Dispose()
    {
        _stopped = true;
        _work.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
            _work.Dispose();
        }
    }

    private void Run()
    {
        PromptThread.Begin();
        long idleSince = 0;
        long pause = ShortestPause;
        while (!_stopped)
        {
            switch (_session.PumpLanes())
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
            idleSince = idleSince == 0 ? now : idleSince;
            if (now - idleSince < s_idle)
            {
                Thread.SpinWait(1);
                continue;
            }

            // Announce sleep, then look once more: a thread that queued, or waits for its turn, before it could see the announcement is seen here.
            Interlocked.Exchange(ref _asleep, 1);
            if (_session.Turns.PassWhereIdle() || _session.PumpLanes() != PumpResult.Idle)
            {
                Volatile.Write(ref _asleep, 0);
                idleSince = 0;
                continue;
            }

            _work.WaitOne();
            idleSince = 0;
        }
    }
}
