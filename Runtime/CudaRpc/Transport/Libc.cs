using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CudaRpc.Transport;

/// <summary>
/// The system calls of a socket's data path. Socket's own Send takes no pointer beyond 2 GiB, gathers only from managed arrays and
/// goes through a layer that retries on the thread pool once the socket is non-blocking.
/// </summary>
internal static unsafe partial class Libc
{
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const short POLLIN = 1;
    public const short POLLOUT = 4;
    public const nuint SIOCOUTQNSD = 0x894B; // bytes of a TCP socket that have not been sent
    public const int EINTR = 4;
    public const int EAGAIN = 11;

    private const int PR_SET_TIMERSLACK = 29;
    private const int FUTEX_WAIT_PRIVATE = 128;
    private const int FUTEX_WAKE_PRIVATE = 129;

    // The system call's number; 0 where it is not known, and sleepers look every millisecond.
    private static readonly nint s_futex = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(SafeSocketHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(SafeSocketHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendmsg(SafeSocketHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvmsg(SafeSocketHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc")]
    public static partial int ioctl(SafeSocketHandle socket, nuint request, int* value);

    /// <summary>
    /// Sleeps while the word, which stays where it is, holds <paramref name="value"/>, until it is woken by <see cref="Wake"/>, or for nanoseconds, at
    /// most a second; 0 is no limit. May wake for nothing.
    /// </summary>
    public static void SleepWhile(int* word, int value, long nanoseconds, bool isPrecise)
    {
        if (s_futex == 0)
        {
            Sleep(nanoseconds == 0 ? 1_000_000 : Math.Min(nanoseconds, 1_000_000));
            return;
        }

        TimeSpecification time = new() { Nanoseconds = (nint)Math.Min(nanoseconds, 999_999_999) };
        if (isPrecise)
        {
            prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
        }

        // SAFETY: the caller keeps the word where it is; the time is on the stack.
        futex(s_futex, word, FUTEX_WAIT_PRIVATE, value, nanoseconds == 0 ? null : &time);
        if (isPrecise)
        {
            prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
        }
    }

    /// <summary>Wakes the one thread of this process that sleeps for the word.</summary>
    public static void Wake(int* word)
    {
        if (s_futex != 0)
        {
            futex(s_futex, word, FUTEX_WAKE_PRIVATE, 1, null);
        }
    }

    /// <summary>Sleeps for nanoseconds, at most a second; Thread.Sleep knows milliseconds only.</summary>
    public static void Sleep(long nanoseconds)
    {
        TimeSpecification time = new() { Nanoseconds = (nint)Math.Min(nanoseconds, 999_999_999) };
        nanosleep(&time, null);
    }

    /// <summary>The same, and wakes as soon as it can: by default the kernel saves work and is up to 50 us late.</summary>
    public static void SleepPrecisely(long nanoseconds)
    {
        prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
        Sleep(nanoseconds);
        // The program's thread is left with its default.
        prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
    }

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint futex(nint number, int* word, nint operation, nint value, TimeSpecification* timeout);

    [LibraryImport("libc")]
    private static partial int nanosleep(TimeSpecification* time, TimeSpecification* left);

    private struct TimeSpecification
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    /// <summary>struct iovec.</summary>
    public struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr on LP64 Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct pollfd.</summary>
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
