using System.Runtime.CompilerServices;
using CudaRpc.Transport;

namespace CudaRpc.Client;

/// <summary>A lane's part in <see cref="PostTurns"/>: what its thread has left of its turn, and how it waits for one.</summary>
internal sealed unsafe class PostTurn
{
    // Whether the turn is granted: a word that stays where it is, for the thread to sleep by. A monitor's waiter wakes, and then waits for the
    // one that has woken it.
    private readonly int[] _granted = GC.AllocateArray<int>(1, pinned: true);
    private readonly int* _word;

    public PostTurn() => _word = (int*)Unsafe.AsPointer(ref _granted[0]);

    // The first four are its own thread's.

    /// <summary>Bytes that are left of the lane's turn.</summary>
    public int Left { get; set; }

    /// <summary>Posted calls amid others before the clock is looked at.</summary>
    public int Unlooked { get; set; }

    /// <summary>When the clock was last looked at.</summary>
    public long Looked { get; set; }

    /// <summary>Whether the thread posts call upon call.</summary>
    public bool IsDense { get; set; }

    /// <summary>The lane's thread is about to wait.</summary>
    public void Ask() => Volatile.Write(ref *_word, 0);

    /// <summary>Waits until the turn is granted, or for some milliseconds. Whether it is.</summary>
    public bool Wait(int milliseconds)
    {
        long deadline = milliseconds == Timeout.Infinite ? long.MaxValue : Environment.TickCount64 + milliseconds;
        while (Volatile.Read(ref *_word) == 0)
        {
            long left = deadline - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            Libc.SleepWhile(_word, 0, Math.Min(left, 999) * 1_000_000, isPrecise: false);
        }

        return true;
    }

    /// <summary>Ends the wait.</summary>
    public void Grant()
    {
        Volatile.Write(ref *_word, 1);
        Libc.Wake(_word);
    }
}
