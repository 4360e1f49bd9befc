using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>Parts of files in memory.</summary>
internal static unsafe partial class TraceLibc
{
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int Shared = 0x01;
    private const int PopulateWrite = 23; // MADV_POPULATE_WRITE
    private const int SetLock = 37; // F_OFD_SETLK
    private const short WriteLock = 1; // F_WRLCK
    private const int FileSize = 1; // RLIMIT_FSIZE

    /// <summary>
    /// Maps a part of a file, its pages at once and writable: one fault each would cost more than what is written to them. (MAP_POPULATE
    /// leaves shared pages read-only, and Linux before 5.14 knows neither: then there are faults.) Null where that fails.
    /// </summary>
    public static void* MapShared(SafeFileHandle file, nint offset, nuint length)
    {
        nint mapped = mmap(0, length, ReadWrite, Shared, file, offset);
        if (mapped == -1)
        {
            return null;
        }

        _ = madvise(mapped, length, PopulateWrite);
        return (void*)mapped;
    }

    /// <summary>
    /// Whether nobody else has the file locked, which this descriptor has then, until it is closed. Opening does not care, unlike for the
    /// locks that .NET takes.
    /// </summary>
    public static bool TryLock(SafeFileHandle file)
    {
        var whole = new FileLock { Type = WriteLock };
        return fcntl(file, SetLock, &whole) == 0;
    }

    /// <summary>
    /// Writes at a place in the file. Asks for the process's limit before: the kernel would end the program with SIGXFSZ, which is not ours
    /// to risk.
    /// </summary>
    /// <exception cref="IOException">It cannot be written, all of it.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        ResourceLimit limit;
        if (getrlimit(FileSize, &limit) == 0 && limit.Current < (ulong)(offset + bytes.Length))
        {
            throw new IOException($"the limit for the size of files (ulimit -f) is {limit.Current} bytes");
        }

        RandomAccess.Write(file, bytes, offset);
    }

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ResourceLimit* limit);

    [LibraryImport("libc")]
    private static partial int fcntl(SafeFileHandle file, int command, FileLock* what);

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);

    // struct rlimit of 64-bit Linux.
    private struct ResourceLimit
    {
        public ulong Current;
        public ulong Most;
    }

    // struct flock of 64-bit Linux; a length of 0 is all of the file.
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
