using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>Files that grow and parts of them in memory.</summary>
internal static unsafe partial class TraceLibc
{
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int Shared = 0x01;
    private const int Populate = 0x8000;

    /// <summary>
    /// Maps a part of a file, its pages at once: one fault each would cost more than what is written to them. Null where that fails.
    /// </summary>
    public static void* MapShared(SafeFileHandle file, nint offset, nuint length)
    {
        nint mapped = mmap(0, length, ReadWrite, Shared | Populate, file, offset);
        return mapped == -1 ? null : (void*)mapped;
    }

    /// <summary>Puts disk space behind a part of a file, which grows if it must. 0, or an error number.</summary>
    [LibraryImport("libc")]
    public static partial int posix_fallocate(SafeFileHandle file, nint offset, nint length);

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);
}
