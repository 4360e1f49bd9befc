using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// The memory that the two ends of a connection share: a page for the words of two rings, then their bytes. It is mapped as long as
/// somebody holds a reference (<see cref="SafeHandle.DangerousAddRef"/>).
/// </summary>
/// <remarks>
/// Ring 0 goes from the client to the server, ring 1 back. The file has its size for good: a peer that shrank it would end us by SIGBUS.
/// </remarks>
internal sealed unsafe partial class SharedSegment : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>
    /// Bytes of a ring that a server makes. Copies of 16 MiB through rings of 128 KiB to 8 MiB went fastest with 512 KiB (median 1.02 of
    /// one memcpy, 0.80 with 1 MiB, 0.70 with 8; benchmarks/raw/rings.c, November 2026, a virtual machine with 1 MiB of L2 for each processor).
    /// </summary>
    public const int Capacity = 512 << 10;

    private const int LeastCapacity = 4 << 10;
    private const int MostCapacity = 16 << 20;
    private const uint CloseOnExec = 1; // MFD_CLOEXEC
    private const uint AllowSealing = 2; // MFD_ALLOW_SEALING
    private const int AddSeals = 1033; // F_ADD_SEALS
    private const int GetSeals = 1034; // F_GET_SEALS
    private const int Seals = 1 | 2 | 4; // F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW

    private SharedSegment(SafeFileHandle file, int capacity)
        : base(ownsHandle: true)
    {
        RingCapacity = capacity;
        SetHandle((nint)Pages.MapShared(file, (ulong)Bytes));
        if (IsInvalid)
        {
            throw new IOException($"{Bytes} bytes of shared memory cannot be mapped");
        }
    }

    /// <summary>Bytes of each ring: a power of two.</summary>
    public int RingCapacity { get; }

    /// <summary>Bytes of all of it.</summary>
    public long Bytes => (long)Pages.Size + (2L * RingCapacity);

    /// <summary>
    /// Makes the memory, and its file for the peer. There is nothing left that could fail to be there when it is touched.
    /// </summary>
    /// <exception cref="IOException">There is no memory, or there are no descriptors.</exception>
    public static SharedSegment Create(out SafeFileHandle file)
    {
        long bytes = (long)Pages.Size + (2L * Capacity);
        file = new SafeFileHandle(memfd_create("cudarpc", CloseOnExec | AllowSealing), ownsHandle: true);
        try
        {
            // SAFETY: a new file, nobody else's yet.
            if (file.IsInvalid || fallocate(file, 0, 0, bytes) != 0 || fcntl(file, AddSeals, Seals) != 0)
            {
                throw new IOException($"no shared memory: {Marshal.GetLastPInvokeErrorMessage()}");
            }

            return new SharedSegment(file, Capacity);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps memory that a peer has sent, once it is known to be what it is said to be, and to remain so.</summary>
    /// <exception cref="IOException">It is not.</exception>
    public static SharedSegment Map(SafeFileHandle file, ulong capacity, string peer)
    {
        if (capacity is < LeastCapacity or > MostCapacity || !ulong.IsPow2(capacity))
        {
            throw new IOException($"{peer} offers rings of {capacity} bytes");
        }

        // Only memory files have seals, so the size that is looked at next is one that lasts.
        if (fcntl(file, GetSeals, 0) is var seals && (seals < 0 || (seals & Seals) != Seals))
        {
            throw new IOException($"{peer} offers shared memory that it could shrink (seals {seals})");
        }

        long size = RandomAccess.GetLength(file);
        return size == (long)Pages.Size + (2L * (long)capacity)
            ? new SharedSegment(file, (int)capacity)
            : throw new IOException($"{peer} offers {size} bytes of shared memory for rings of {capacity}");
    }

    /// <summary>Words of a ring. For whoever holds a reference.</summary>
    public RingWords* Words(int ring) => (RingWords*)(handle + (ring * RingWords.Size));

    /// <summary>Bytes of a ring. For whoever holds a reference.</summary>
    public byte* Ring(int ring) => (byte*)handle + Pages.Size + ((long)ring * RingCapacity);

    protected override bool ReleaseHandle()
    {
        // SAFETY: mapped by the constructor, and nobody holds a reference any more.
        Pages.Unmap((ulong)handle, (ulong)Bytes);
        return true;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, int argument);
}
