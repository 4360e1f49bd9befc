using System.Runtime.InteropServices;

namespace CudaRpc.Transport;

/// <summary>
/// Threads that do little each time and that others wait for: what sends, what serves. Woken on a processor that another thread keeps busy, such a
/// thread would not run before that thread's time slice ends, 1.4 ms on a machine with two processors, though the other one may be idle.
/// </summary>
internal static unsafe partial class PromptThread
{
    // The shortest that the kernel grants. EEVDF lets who asked for shorter slices run first, and no longer in all.
    private const ulong Slice = 100_000;

    // SCHED_FLAG_RESET_ON_FORK: threads that the calling one starts are as others.
    private const ulong ResetOnFork = 1;

    // What the kernel's sets of processors have room for where nobody has configured more.
    private const int MostProcessors = 1024;

    [ThreadStatic]
    private static bool t_isPrompt;

    /// <summary>
    /// Asks for short time slices for the calling thread. Linux has them from 6.12 on; others ignore the wish, and so does this the refusal of a
    /// sandbox that filters system calls.
    /// </summary>
    public static void Begin()
    {
        t_isPrompt = true;
        long number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 314,
            Architecture.Arm64 => 274,
            _ => 0,
        };
        if (number == 0)
        {
            return;
        }

        var attributes = new Attributes { Size = (uint)sizeof(Attributes) };
        // SAFETY: sched_getattr and sched_setattr (one below and itself) take a structure of that size, here on the stack; thread 0 is the caller.
        if (SystemCall(number + 1, 0, &attributes, (nuint)sizeof(Attributes), 0) == 0 && attributes.Policy == 0)
        {
            attributes.Runtime = Slice;
            attributes.Flags |= ResetOnFork;
            SystemCall(number, 0, &attributes, 0, 0);
        }
    }

    /// <summary>
    /// Has the calling thread, if it has begun as one of these, go on on another processor than the one it is on. The kernel wakes a thread on the
    /// processor of who wakes it where the others have halted and so look busy, as those of virtual machines do: two that talk then share one, while
    /// another is idle, as long as they only sleep and wake each other. Leaves the thread free to run wherever it was. Whether it has moved.
    /// </summary>
    public static bool MoveAway()
    {
        if (!t_isPrompt || sched_getcpu() is var here && here is < 0 or >= MostProcessors)
        {
            return false;
        }

        ulong* all = stackalloc ulong[MostProcessors / 64], others = stackalloc ulong[MostProcessors / 64];
        new Span<ulong>(all, MostProcessors / 64).Clear();
        // SAFETY: both sets are of the size given; thread 0 is the caller.
        if (sched_getaffinity(0, MostProcessors / 8, all) != 0)
        {
            return false;
        }

        new ReadOnlySpan<ulong>(all, MostProcessors / 64).CopyTo(new Span<ulong>(others, MostProcessors / 64));
        others[here / 64] &= ~(1UL << (here % 64));
        return sched_setaffinity(0, MostProcessors / 8, others) == 0 && sched_setaffinity(0, MostProcessors / 8, all) == 0;
    }

    [LibraryImport("libc")]
    private static partial int sched_getcpu();

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint bytes, ulong* processors);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint bytes, ulong* processors);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(long number, nint thread, Attributes* attributes, nuint third, nuint fourth);

    /// <summary>struct sched_attr, as its first version was.</summary>
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
