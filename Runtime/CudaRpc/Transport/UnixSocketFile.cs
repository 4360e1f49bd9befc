using System.Runtime.InteropServices;

namespace CudaRpc.Transport;

/// <summary>What is at a Unix socket's path: only a socket may be taken for one that a dead server left behind.</summary>
internal static unsafe partial class UnixSocketFile
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint WantType = 1; // STATX_TYPE
    private const int StatxSize = 256;
    private const int ModeOffset = 28; // stx_mode
    private const int TypeMask = 0xF000; // S_IFMT
    private const int SocketType = 0xC000; // S_IFSOCK

    /// <summary>Whether the path itself, not what a link there points to, is a socket.</summary>
    public static bool IsSocket(string path)
    {
        byte* status = stackalloc byte[StatxSize];
        // SAFETY: the buffer is struct statx's size, which the kernel's interface fixes at 256 bytes.
        return statx(CurrentDirectory, path, NoFollow, WantType, status) == 0 && (*(ushort*)(status + ModeOffset) & TypeMask) == SocketType;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* status);
}
