using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>
/// The one thread of a session that sends what posted calls have queued. A thread that posts wakes it only where it sleeps, so the first
/// call after a pause leaves at once and a burst leaves in few, large sends.
/// </summary>
internal sealed class SendPump : IDisposable
{
    // Nanoseconds between looks at a connection that takes nothing: first about what a socket's buffer lasts, longer and longer where that was not it.
    private const long ShortestPause = 50_000;
    private const long LongestPause = 1_000_000;

    // Turns of SpinWait between two sends, about two microseconds: a burst goes in fewer pieces, and whoever posts it has the lock to himself meanwhile.
    // 4.7 million launches a second without, 7 with it, over shm:// on two processors.
    private const int Gathering = 60;

    private readonly Session _session;
    private readonly Thread _thread;
    private readonly AutoResetEvent _work = new(false);
    private int _asleep;
    private volatile bool _stopped;

    public SendPump(Session session)
    {
        _session = session;
        _thread = new Thread(Run) { IsBackground = true, Name = "cudarpc send" };
        _thread.Start();
    }

    /// <summary>Something was queued on a lane. Returns whether the thread slept: then it has been woken.</summary>
    public bool Wake()
    {
        // Pairs with the fence in Run: either the pump sees what was queued, or it is seen asleep.
        Interlocked.MemoryBarrier();
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
        var spinner = default(SpinWait);
        long pause = ShortestPause;
        while (!_stopped)
        {
            switch (_session.PumpLanes())
            {
                case PumpResult.Progress:
                    spinner.Reset();
                    pause = ShortestPause;
                    Thread.SpinWait(Gathering);
                    continue;
                case PumpResult.Blocked:
                    // Not a wait for that connection: other lanes may have work before.
                    Libc.SleepPrecisely(pause);
                    pause = Math.Min(2 * pause, LongestPause);
                    continue;
            }

            if (!spinner.NextSpinWillYield)
            {
                spinner.SpinOnce(-1);
                continue;
            }

            // Announce sleep, then look once more: a thread that queued before it could see the announcement is seen here.
            Interlocked.Exchange(ref _asleep, 1);
            if (_session.PumpLanes() != PumpResult.Idle)
            {
                Volatile.Write(ref _asleep, 0);
                continue;
            }

            _work.WaitOne();
            spinner.Reset();
        }
    }
}
