using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Tracing;

/// <summary>
/// What Linux says a path or a descriptor is; two of the same device and node are the same file. The default value is no file.
/// </summary>
internal readonly unsafe partial record struct FileStatus(bool IsRegular, ulong Device, ulong Node)
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int Itself = 0x1000; // AT_EMPTY_PATH
    private const uint Wanted = 0x101; // STATX_TYPE | STATX_INO
    private const int StatxSize = 256;
    private const int ModeOffset = 28;
    private const int NodeOffset = 32;
    private const int DeviceOffset = 136;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;

    /// <summary>What a path leads to, through links.</summary>
    public static FileStatus Of(string path)
    {
        byte* status = stackalloc byte[StatxSize];
        return statx(CurrentDirectory, path, 0, Wanted, status) == 0 ? From(status) : default;
    }

    /// <summary>What a descriptor is at present.</summary>
    public static FileStatus Of(SafeFileHandle file)
    {
        byte* status = stackalloc byte[StatxSize];
        return statx(file, "", Itself, Wanted, status) == 0 ? From(status) : default;
    }

    // SAFETY: the buffer is struct statx's size and its fields are where the kernel's interface has them.
    private static FileStatus From(byte* status) => new(
        (*(ushort*)(status + ModeOffset) & TypeMask) == RegularType, *(ulong*)(status + DeviceOffset), *(ulong*)(status + NodeOffset));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle directory, string path, int flags, uint mask, byte* status);
}
