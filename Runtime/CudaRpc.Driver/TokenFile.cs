using System.Runtime.InteropServices;

namespace CudaRpc.Driver;

/// <summary>
/// A file descriptor that stands for something at the server: a sealed anonymous file with its token in it. A program passes it to another as
/// it would the driver's own descriptor, and closes it when it likes.
/// </summary>
internal static unsafe partial class TokenFile
{
    private const uint CloseOnExec = 1, AllowSealing = 2;
    private const int AddSeals = 1033, AllSeals = 1 | 2 | 4 | 8;

    /// <summary>A new descriptor, or -1 where the system has none.</summary>
    public static int Create(ReadOnlySpan<byte> token)
    {
        int file = memfd_create("cudarpc-shared", CloseOnExec | AllowSealing);
        if (file < 0)
        {
            return -1;
        }

        fixed (byte* bytes = token)
        {
            if (write(file, bytes, (nuint)token.Length) == token.Length && fcntl(file, AddSeals, AllSeals) == 0)
            {
                return file;
            }
        }

        _ = close(file);
        return -1;
    }

    /// <summary>Reads what <see cref="Create"/> wrote; false for a descriptor that is none of ours.</summary>
    public static bool TryRead(int file, Span<byte> token)
    {
        fixed (byte* bytes = token)
        {
            return pread(file, bytes, ShareToken.Size, 0) == ShareToken.Size;
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial nint write(int file, byte* bytes, nuint count);

    [LibraryImport("libc")]
    private static partial nint pread(int file, byte* bytes, nuint count, long offset);

    [LibraryImport("libc")]
    private static partial int fcntl(int file, int command, int argument);

    [LibraryImport("libc")]
    private static partial int close(int file);
}
