using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Transport;

/// <summary>
/// Pages of this process's address space at addresses that the caller chooses. Both ends of a session map memory at the same address, so
/// that a pointer means the same to the program and to kernels.
/// </summary>
internal static unsafe partial class Pages
{
    /// <summary>Bytes of a page.</summary>
    public const ulong Size = 4096;

    private const int None = 0; // PROT_NONE
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int Shared = 0x01;
    private const int Private = 0x02;
    private const int Fixed = 0x10;
    private const int Anonymous = 0x20;
    private const int NoReserve = 0x4000;
    private const int FixedNoReplace = 0x100000;

    /// <summary>Takes addresses without memory behind them. False where something is there already.</summary>
    public static bool TryReserve(ulong start, ulong bytes) => TryMap(start, bytes, None);

    /// <summary>Puts zeroed memory at addresses. False where something is there already, or there is no memory.</summary>
    public static bool TryMap(ulong start, ulong bytes) => TryMap(start, bytes, ReadWrite);

    /// <summary>Puts zeroed memory where the system likes. 0 where there is none.</summary>
    public static ulong MapAnywhere(ulong bytes)
    {
        nint mapped = mmap(0, (nuint)bytes, ReadWrite, Private | Anonymous | NoReserve, -1, 0);
        return mapped == -1 ? 0 : (ulong)mapped;
    }

    /// <summary>Puts a file's bytes where the system likes, shared with whoever else does so. 0 where that fails.</summary>
    public static ulong MapShared(SafeFileHandle file, ulong bytes)
    {
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            nint mapped = mmap(0, (nuint)bytes, ReadWrite, Shared, (int)file.DangerousGetHandle(), 0);
            return mapped == -1 ? 0 : (ulong)mapped;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Puts zeroed memory at addresses that the caller has reserved.</summary>
    public static bool TryCommit(ulong start, ulong bytes) => Replace(start, bytes, ReadWrite);

    /// <summary>Takes the memory away; the addresses stay reserved.</summary>
    public static void Decommit(ulong start, ulong bytes) => Replace(start, bytes, None);

    /// <summary>Gives addresses back, and what is behind them.</summary>
    public static void Unmap(ulong start, ulong bytes) => _ = munmap((nint)start, (nuint)bytes);

    /// <summary>Address of the page that an address is in.</summary>
    public static ulong Floor(ulong address) => address & ~(Size - 1);

    /// <summary>The first address of a page that is not below.</summary>
    public static ulong Ceiling(ulong address) => Floor(address + Size - 1);

    private static bool TryMap(ulong start, ulong bytes, int protection)
    {
        nint mapped = mmap((nint)start, (nuint)bytes, protection, Private | Anonymous | NoReserve | FixedNoReplace, -1, 0);
        if (mapped == (nint)start)
        {
            return true;
        }

        if (mapped != -1)
        {
            // A kernel before 4.17 takes the address for a hint.
            _ = munmap(mapped, (nuint)bytes);
        }

        return false;
    }

    private static bool Replace(ulong start, ulong bytes, int protection) =>
        mmap((nint)start, (nuint)bytes, protection, Private | Anonymous | NoReserve | Fixed, -1, 0) == (nint)start;

    // SAFETY: nothing is replaced but what the caller has reserved, and unmapped but what it has mapped.
    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);
}
