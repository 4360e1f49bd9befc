using System.Buffers.Binary;

namespace CudaRpc.Driver;

/// <summary>
/// The 64 bytes that a program passes to another where CUDA gives it a handle between processes: a mark, what kind of object it is, and the
/// server's random number for it.
/// </summary>
internal static class ShareToken
{
    public const int Size = 64;

    private const int KindAt = 7, NumberAt = 8;

    private static ReadOnlySpan<byte> Mark => "CUDARPC"u8;

    public static void Write(Span<byte> token, byte kind, UInt128 number)
    {
        token[..Size].Clear();
        Mark.CopyTo(token);
        token[KindAt] = kind;
        BinaryPrimitives.WriteUInt128LittleEndian(token[NumberAt..], number);
    }

    /// <summary>The number of an object of this kind; null for bytes that are no such token.</summary>
    public static UInt128? Read(ReadOnlySpan<byte> token, byte kind)
    {
        bool valid = token.Length >= Size && token.StartsWith(Mark) && token[KindAt] == kind && !token[(NumberAt + 16)..Size].ContainsAnyExcept((byte)0);
        return valid ? BinaryPrimitives.ReadUInt128LittleEndian(token[NumberAt..]) : null;
    }
}
