using System.Diagnostics;

namespace CudaRpc.Transport.Emulation;

/// <summary>
/// The network between a client and a server, emulated at the client's end and shared by its connections: a thread holds back what they send until
/// it would arrive. Bytes are delayed, not calls: what is sent together arrives together.
/// </summary>
internal sealed class EmulatedLink : IDisposable
{
    // A connection puts no more on the link at once than keeps it busy this long, so that connections share it as flows of a network do.
    private static readonly long s_turn = PreciseWait.Ticks(TimeSpan.FromMilliseconds(1));

    /// <summary>
    /// A connection whose server reads nothing is asked again after this long; nanoseconds. Half of what a server takes to read a socket's buffer.
    /// </summary>
    public const long Retry = 20_000;

    // No sleep is late by so much where there is a processor.
    private static readonly long s_late = PreciseWait.Ticks(TimeSpan.FromMicroseconds(150));

    // Of each connection and direction: 100 Gbit/s for 20 ms.
    private const long MostUnderWay = 256 << 20;
    private static readonly TimeSpan s_lastWait = TimeSpan.FromSeconds(1);

    private readonly object _lock = new();
    private readonly LinkDirection _up;
    private readonly LinkDirection _down;
    private EmulatedConnection[] _connections = [];
    private readonly Thread _thread;
    private readonly TimeSpan _rtt;
    private readonly long _delay;
    private readonly double _ticksPerFlowByte;
    private bool _asleep;
    private bool _stopped;

    // Threads that wait for replies, and do the work of _thread meanwhile. Guarded by _lock.
    private int _watchers;

    public EmulatedLink(NetworkConditions conditions)
    {
        double ticksPerByte = Stopwatch.Frequency / conditions.BytesPerSecond;
        long delay = PreciseWait.Ticks(conditions.Rtt) / 2, jitter = PreciseWait.Ticks(conditions.Jitter);
        _rtt = conditions.Rtt;
        (_delay, _ticksPerFlowByte) = (delay, Stopwatch.Frequency / conditions.FlowBytesPerSecond);
        Nap = Math.Max(1, delay - jitter);
        _up = new LinkDirection(ticksPerByte, delay, jitter, seed: 1);
        _down = new LinkDirection(ticksPerByte, delay, jitter, seed: 2);
        // What a link of this delay has under way, and a socket's buffer beyond.
        double underWay = double.IsInfinity(conditions.BytesPerSecond) ? MostUnderWay : (conditions.Rtt + conditions.Jitter).TotalSeconds * conditions.BytesPerSecond;
        Window = (long)Math.Min(underWay, MostUnderWay) + (4 << 20);
        _thread = new Thread(Run) { IsBackground = true, Name = "cudarpc network" };
        _thread.Start();
    }

    /// <summary>Bytes of one direction that a connection holds at most.</summary>
    public long Window { get; }

    /// <summary>What is sent now is not due sooner than in so many ticks.</summary>
    public long Nap { get; }

    /// <summary>A connection through the link to what <paramref name="inner"/> is connected with. Takes the round trip that connecting takes.</summary>
    public EmulatedConnection Connect(Connection inner)
    {
        long connected = Stopwatch.GetTimestamp() + PreciseWait.Ticks(_rtt);
        while (!PreciseWait.Step(connected))
        {
        }

        var connection = new EmulatedConnection(this, inner, new LinkDirection(_ticksPerFlowByte, _delay, 0, seed: 0), new LinkDirection(_ticksPerFlowByte, _delay, 0, seed: 0));
        lock (_lock)
        {
            _connections = [.. _connections, connection];
        }

        return connection;
    }

    /// <summary>When bytes that leave now arrive at the server; 0 where the link, or the connection's own share, is too busy to take them yet.</summary>
    public long TrySend(int bytes, LinkDirection flow)
    {
        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            return _up.Backlog(now) > s_turn || flow.Backlog(now) > s_turn ? 0 : Math.Max(_up.Send(now, bytes), flow.Send(now, bytes));
        }
    }

    /// <summary>When the end of a connection that ends now is seen by the server.</summary>
    public long SendEnd()
    {
        lock (_lock)
        {
            return _up.Send(Stopwatch.GetTimestamp(), 0);
        }
    }

    /// <summary>Whether nothing is held back any more: connections end by themselves.</summary>
    public bool IsOver { get; private set; }

    /// <summary>When bytes that the server has sent now arrive.</summary>
    public long Receive(int bytes, LinkDirection flow)
    {
        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            return Math.Max(_down.Send(now, bytes), flow.Send(now, bytes));
        }
    }

    /// <summary>The calling thread is about to wait for a reply, and calls <see cref="Deliver"/> at least once in <see cref="Nap"/> until <see cref="EndWatch"/>.</summary>
    public void BeginWatch()
    {
        lock (_lock)
        {
            _watchers++;
        }
    }

    /// <summary>It waits no longer.</summary>
    public void EndWatch()
    {
        lock (_lock)
        {
            _watchers--;
            if (_asleep && _watchers == 0 && HasPending)
            {
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Lets arrive what is due on every connection. When the next is; the end of time where nothing is under way.</summary>
    public long Deliver(long now)
    {
        long next = long.MaxValue;
        // The session's own connection is the first: its end comes after what its lanes had sent.
        EmulatedConnection[] connections = Volatile.Read(ref _connections);
        for (int index = connections.Length - 1; index >= 0; index--)
        {
            next = Math.Min(next, connections[index].Deliver(now) ?? long.MaxValue);
        }

        return next;
    }

    /// <summary>There is something to hold back.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_asleep && _watchers == 0)
            {
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Lets what is still under way arrive, for a while, and ends.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.PulseAll(_lock);
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        IsOver = true;
    }

    private void Run()
    {
        PromptThread.Begin();
        long stopBy = long.MaxValue;
        while (true)
        {
            Forget(Connections());
            long now = Stopwatch.GetTimestamp(), next = Deliver(now);
            if (Volatile.Read(ref _stopped))
            {
                stopBy = stopBy == long.MaxValue ? now + PreciseWait.Ticks(s_lastWait) : stopBy;
                if (next == long.MaxValue || now > stopBy)
                {
                    return;
                }
            }

            if (next <= now)
            {
                // The server is behind, and may need the processor.
                Libc.SleepPrecisely(Retry);
            }
            else if (next < long.MaxValue)
            {
                PreciseWait.Step(next);
                if (Stopwatch.GetTimestamp() - next > s_late)
                {
                    // It has waited for a processor that a thread of the program keeps busy.
                    PromptThread.MoveAway();
                }
            }
        }
    }

    private bool HasPending => Array.Exists(_connections, static connection => connection.HasPending);

    // Waits while nothing is under way, or others see to it.
    private EmulatedConnection[] Connections()
    {
        lock (_lock)
        {
            while (!_stopped && (_watchers > 0 || !HasPending))
            {
                _asleep = true;
                Monitor.Wait(_lock);
                _asleep = false;
            }

            return _connections;
        }
    }

    private void Forget(EmulatedConnection[] connections)
    {
        if (Array.Exists(connections, static connection => connection.IsOver))
        {
            lock (_lock)
            {
                _connections = [.. _connections.Where(static connection => !connection.IsOver)];
            }
        }
    }
}
