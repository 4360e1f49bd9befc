using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Client;

/// <summary>
/// A lock that is held for tens of nanoseconds, and for a system call where a post wakes the server: who finds it taken tries again, and lets
/// another thread run before it tries for long. Nobody sleeps, so nobody has to be woken, which takes a hundred times as long as the lock is
/// held. Not reentrant; a field that is not copied.
/// </summary>
internal struct BriefLock
{
    // Looks before the processor is given away: the holder may be waiting for one.
    private const int Looks = 30;

    private int _taken;

    /// <summary>Takes the lock until the scope is disposed.</summary>
    [UnscopedRef]
    public Scope EnterScope()
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0)
        {
            Contend();
        }

        return new Scope(ref _taken);
    }

    private void Contend()
    {
        do
        {
            // Reads only, while it is taken: each exchange takes the line from the holder.
            for (int look = 0; Volatile.Read(ref _taken) != 0; look++)
            {
                if (look < Looks)
                {
                    Thread.SpinWait(1);
                }
                else
                {
                    Thread.Yield();
                    look = 0;
                }
            }
        }
        while (Interlocked.Exchange(ref _taken, 1) != 0);
    }

    /// <summary>Holds the lock.</summary>
    public readonly ref struct Scope
    {
        private readonly ref int _taken;

        internal Scope(ref int taken) => _taken = ref taken;

        /// <summary>Gives the lock back.</summary>
        public void Dispose() => Volatile.Write(ref _taken, 0);
    }
}
