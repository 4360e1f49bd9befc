using System.Runtime.InteropServices;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// The words of one ring that both processes see, each written by one side in the main and 128 bytes from the next: processors fetch
/// lines of 64 bytes in pairs. A peer can write anything into any of them at any time.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct RingWords
{
    public const int Size = 512;

    /// <summary>The most bytes that <see cref="Inline"/> tells of.</summary>
    public const int MostInline = 104;

    /// <summary>Bytes that the producer has ever published.</summary>
    [FieldOffset(0)]
    public ulong Head;

    /// <summary>
    /// What <see cref="InlineBytes"/> holds: the position where it begins, times 256, and its length. A copy of what was published last, where
    /// that was little: the consumer has it with the line in which it sees that something has come, and waits for no other. 0 while it is
    /// being written.
    /// </summary>
    [FieldOffset(8)]
    public ulong Inline;

    /// <summary>
    /// Where the last bytes end that were posted: nobody waits for them, so the consumer may let more of them gather. It and <see cref="Hurry"/>
    /// only say when to look, and may hold anything.
    /// </summary>
    [FieldOffset(16)]
    public ulong Posted;

    [FieldOffset(24)]
    public fixed byte InlineBytes[MostInline];

    /// <summary>Bytes that the consumer has ever taken.</summary>
    [FieldOffset(128)]
    public ulong Tail;

    /// <summary>What the consumer does: a <see cref="RingState"/>.</summary>
    [FieldOffset(256)]
    public int Consumer;

    /// <summary>What the producer does: a <see cref="RingState"/>.</summary>
    [FieldOffset(384)]
    public int Producer;

    /// <summary>Where the last bytes end that somebody waits for, behind posted ones: the consumer lets no more gather.</summary>
    [FieldOffset(448)]
    public ulong Hurry;

    /// <summary>What <see cref="Inline"/> says of bytes at that position.</summary>
    public static ulong InlineAt(ulong position, int length) => (position << 8) | (uint)length;
}

/// <summary>What one side of a ring says of itself.</summary>
internal static class RingState
{
    /// <summary>Looks at the other's position by itself.</summary>
    public const int Awake = 0;

    /// <summary>Will not look until its bell has been rung. Who rings sets the word back to <see cref="Awake"/>.</summary>
    public const int Sleeps = 1;

    /// <summary>Has closed, and looks no more.</summary>
    public const int Closed = 2;
}
