using System.Buffers.Binary;

namespace CudaRpc.Protocol;

/// <summary>
/// The 32 bytes before every frame, little endian:
/// body length (u32), call id (u32), flags (u32), context (u32), sequence (u64), bulk length (u64).
/// docs/protocol.md draws them.
/// </summary>
internal readonly record struct FrameHeader(
    uint BodyLength, uint CallId, FrameFlags Flags, uint Context, ulong Sequence, ulong BulkLength)
{
    /// <summary>Bytes of an encoded header.</summary>
    public const int Size = 32;

    /// <summary>Decodes the first <see cref="Size"/> bytes of <paramref name="source"/>.</summary>
    public static FrameHeader Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source),
        BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        (FrameFlags)BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));

    /// <summary>Encodes into the first <see cref="Size"/> bytes of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], BulkLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], Context);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], (uint)Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], CallId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, BodyLength);
    }
}
