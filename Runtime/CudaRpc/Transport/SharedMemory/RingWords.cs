using System.Runtime.InteropServices;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// The words of one ring that both processes see, each written by one side in the main and 128 bytes from the next: processors fetch
/// lines of 64 bytes in pairs. A peer can write anything into any of them at any time.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct RingWords
{
    public const int Size = 512;

    /// <summary>Bytes that the producer has ever published.</summary>
    [FieldOffset(0)]
    public ulong Head;

    /// <summary>Bytes that the consumer has ever taken.</summary>
    [FieldOffset(128)]
    public ulong Tail;

    /// <summary>What the consumer does: a <see cref="RingState"/>.</summary>
    [FieldOffset(256)]
    public int Consumer;

    /// <summary>What the producer does: a <see cref="RingState"/>.</summary>
    [FieldOffset(384)]
    public int Producer;
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
