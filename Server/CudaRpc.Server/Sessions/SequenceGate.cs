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
    private int _waiting;
    private bool _closed;

    /// <summary>Whether <see cref="Enter"/> would not wait.</summary>
    public bool IsTurn(ulong sequence) => Volatile.Read(ref _next) == sequence;

    /// <summary>Waits for the turn of <paramref name="sequence"/>.</summary>
    /// <exception cref="OperationCanceledException">The session ends.</exception>
    public void Enter(ulong sequence)
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
                // Full fence, then the check: pairs with Leave's write of _next and read of _waiting.
                Interlocked.Increment(ref _waiting);
                while (_next != sequence && !_closed)
                {
                    Monitor.Wait(_monitor);
                }

                Interlocked.Decrement(ref _waiting);
            }

            break;
        }

        if (Volatile.Read(ref _closed))
        {
            throw new OperationCanceledException("the session ends");
        }
    }

    /// <summary>Gives the turn to the next number. Only the lane whose turn it is calls this.</summary>
    public void Leave()
    {
        Interlocked.Increment(ref _next);
        if (Volatile.Read(ref _waiting) > 0)
        {
            lock (_monitor)
            {
                Monitor.PulseAll(_monitor);
            }
        }
    }

    /// <summary>Waits until the call of that number has given its turn up, or for as long as <paramref name="patience"/>.</summary>
    public void WaitFor(ulong sequence, TimeSpan patience)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_monitor)
        {
            Interlocked.Increment(ref _waiting);
            while (_next <= sequence && !_closed && deadline - Environment.TickCount64 is > 0 and long left)
            {
                Monitor.Wait(_monitor, (int)left);
            }

            Interlocked.Decrement(ref _waiting);
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
}
