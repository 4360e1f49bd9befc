using System.Runtime.InteropServices;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>
/// Address space that reads as zeros and can be written, a piece for every pointer of a call, with so much behind it that a call which
/// believes a wrong count reads zeros instead of ending the process: what is tested is what the call answers.
/// </summary>
internal static unsafe class HostMemory
{
    /// <summary>Bytes that are zeroed before every call.</summary>
    public const int Piece = 4096;

    private const int Pieces = 32;
    private const nuint Distance = 64 << 20;
    private static readonly nuint s_behind = (nuint)48 << 30;

    private static readonly byte* s_start = Reserve();

    /// <summary>The piece for a call's pointer number <paramref name="index"/>.</summary>
    public static byte* Of(int index) => s_start + ((nuint)index * Distance);

    public static void Clear()
    {
        for (int i = 0; i < Pieces; i++)
        {
            new Span<byte>(Of(i), Piece).Clear();
        }
    }

    // SAFETY: private anonymous memory without reservation: a page exists when it is written to.
    private static byte* Reserve()
    {
        const int ReadWrite = 3, PrivateAnonymousNoReserve = 0x4022;
        nint memory = mmap(0, (Pieces * Distance) + s_behind, ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        return memory != -1 ? (byte*)memory : throw new InvalidOperationException("mmap fails");
    }

    [DllImport("libc")]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);
}
