using System.Buffers.Binary;
using System.Text;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Writes fat binaries as nvcc does: entries by kind (1 PTX, 2 machine code), architecture, flags and bytes, not compressed.</summary>
internal static class FatBinaries
{
    public const ulong Specific = 0x100000, Family = 0x200000;

    public static (ushort Kind, uint Architecture, ulong Flags, byte[] Payload) Ptx(uint architecture, string text, ulong flags = 0) =>
        (1, architecture, flags, Encoding.UTF8.GetBytes(text + '\0'));

    public static (ushort Kind, uint Architecture, ulong Flags, byte[] Payload) Cubin(uint architecture, ulong flags = 0, int bytes = 8) =>
        (2, architecture, flags, new byte[bytes]);

    public static byte[] Build(params (ushort Kind, uint Architecture, ulong Flags, byte[] Payload)[] entries)
    {
        var file = new List<byte>(new byte[16]);
        foreach ((ushort kind, uint architecture, ulong flags, byte[] payload) in entries)
        {
            byte[] header = new byte[64];
            int padded = (payload.Length + 7) / 8 * 8;
            BinaryPrimitives.WriteUInt16LittleEndian(header, kind);
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(2), 0x0101);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), header.Length);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), padded);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), architecture);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(40), flags | 0x11);
            file.AddRange(header);
            file.AddRange(payload);
            file.AddRange(new byte[padded - payload.Length]);
        }

        byte[] bytes = [.. file];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0xBA55ED50);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), 16);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), bytes.Length - 16);
        return bytes;
    }
}
