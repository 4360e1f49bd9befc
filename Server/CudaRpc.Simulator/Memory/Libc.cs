using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Memory;

/// <summary>
/// The C library's functions for memory that can be shown at several addresses and for short sleeps, and the values of x86-64 Linux that they take.
/// </summary>
internal static unsafe partial class Libc
{
    public const int ProtectionReadWrite = 3;
    public const int MapShared = 0x01, MapPrivate = 0x02, MapFixed = 0x10, MapAnonymous = 0x20, MapNoReserve = 0x4000;
    public const int KeepSize = 1, PunchHole = 2;
    public const uint CloseOnExec = 1;

    public static readonly void* MapFailed = (void*)-1;

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int SetLength(int file, long length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(int file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial void* Map(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(void* address, nuint length);

    /// <summary>Has the kernel wake the calling thread as soon as it can: by default it saves work and is up to 50 us late.</summary>
    public static void SetPreciseTimers()
    {
        const int PR_SET_TIMERSLACK = 29;
        Control(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    }

    /// <summary>Sleeps for nanoseconds, less than a second; Thread.Sleep knows milliseconds only.</summary>
    public static void Sleep(long nanoseconds)
    {
        TimeSpecification time = new() { Nanoseconds = (nint)nanoseconds };
        Sleep(&time, null);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(TimeSpecification* time, TimeSpecification* left);

    private struct TimeSpecification
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
