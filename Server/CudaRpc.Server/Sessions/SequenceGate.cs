using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>
/// Makes the calls of a session's lanes begin in the order of their sequence numbers, which is the order the program began them in. A posted
/// call holds its turn until the driver has taken it; a synchronous one gives it up at once, because nothing in the program can
/// come after it before its reply.
/// </summary>
internal sealed class SequenceGate
{
    private readonly object _monitor = new();
    private ulong _next = 1;

    // The lowest number that somebody sleeps for; guarded by the monitor, read without it by who leaves.
    private ulong _awaited = ulong.MaxValue;
    private bool _closed;

    /// <summary>Whether <see cref="Enter"/> would not wait.</summary>
    public bool IsTurn(ulong sequence) => Volatile.Read(ref _next) == sequence;

    /// <summary>Waits for the turn of <paramref name="sequence"/>.</summary>
    /// <exception cref="OperationCanceledException">The session ends.</exception>
    /// <exception cref="ProtocolException">It has had its turn.</exception>
    public void Enter(ulong sequence)
    {
        if (Volatile.Read(ref _next) != sequence || Volatile.Read(ref _closed))
        {
            AwaitTurn(sequence);
        }
    }

    private void AwaitTurn(ulong sequence)
    {
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _next) != sequence)
        {
            if (!spinner.NextSpinWillYield)
            {
                spinner.SpinOnce(-1);
                continue;
            }

            lock (_monitor)
            {
                while (IsAwaited(sequence) && !_closed)
                {
                    Monitor.Wait(_monitor);
                }
            }

            break;
        }

        if (Volatile.Read(ref _next) > sequence && !Volatile.Read(ref _closed))
        {
            ProtocolException.Throw($"call {sequence} has had its turn");
        }

        if (Volatile.Read(ref _closed))
        {
            throw new OperationCanceledException("the session ends");
        }
    }

    /// <summary>Gives the turn to the next number. Only the lane whose turn it is calls this.</summary>
    public void Leave()
    {
        // Wakes nobody before his turn: a lane may have thousands of calls before another's next one. No fence between the write and the
        // read: those who wait make one for all threads, which is for them to pay. A client that gives a number twice may have two lanes
        // here: its own calls then wait until it leaves.
        ulong next = _next + 1;
        Volatile.Write(ref _next, next);
        if (next >= Volatile.Read(ref _awaited))
        {
            Wake();
        }
    }

    /// <summary>Waits until the call of that number has given its turn up, or for as long as <paramref name="patience"/>.</summary>
    public void WaitFor(ulong sequence, TimeSpan patience)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_monitor)
        {
            while (IsAwaited(sequence + 1) && !_closed && deadline - Environment.TickCount64 is > 0 and long left)
            {
                Monitor.Wait(_monitor, (int)left);
            }
        }
    }

    /// <summary>Lets nobody in any more; who waits is turned away.</summary>
    public void Close()
    {
        lock (_monitor)
        {
            Volatile.Write(ref _closed, true);
            Monitor.PulseAll(_monitor);
        }
    }

    private void Wake()
    {
        lock (_monitor)
        {
            _awaited = ulong.MaxValue;
            Monitor.PulseAll(_monitor);
        }
    }

    // Under the monitor: whether it is not the number's turn yet; Leave then wakes the caller.
    private bool IsAwaited(ulong sequence)
    {
        if (_awaited > sequence)
        {
            _awaited = sequence;
            // Pairs with Leave's write of _next and read of _awaited, which may be on their way in that order or the other. Whoever has
            // asked for a lower number has made this fence, and nobody takes that back but under the monitor.
            Interlocked.MemoryBarrierProcessWide();
        }

        return Volatile.Read(ref _next) < sequence;
    }
}
