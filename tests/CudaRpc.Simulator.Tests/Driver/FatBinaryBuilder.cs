using System.Buffers.Binary;
using System.Text;
using CudaRpc.Simulator.Images;
using K4os.Compression.LZ4;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Writes fat binaries as nvcc does.</summary>
internal sealed unsafe class FatBinaryBuilder
{
    private const ulong Usual = 0x11, Lz4 = 0x2000, Zstd = 0x8000, Specific = 0x100000;

    private readonly List<byte> _entries = [];

    public FatBinaryBuilder Ptx(int architecture, string text, bool isSpecific = false) =>
        Add(FatBinaryEntryKind.Ptx, architecture, Terminated(text), 0, 0, isSpecific ? Specific : 0);

    public FatBinaryBuilder Lz4Ptx(int architecture, string text)
    {
        byte[] plain = Terminated(text);
        byte[] packed = new byte[LZ4Codec.MaximumOutputSize(plain.Length)];
        int length = LZ4Codec.Encode(plain, packed);
        return Add(FatBinaryEntryKind.Ptx, architecture, packed[..length], length, plain.Length, Lz4);
    }

    public FatBinaryBuilder ZstdPtx(int architecture, string text)
    {
        using var compressor = new ZstdSharp.Compressor();
        byte[] plain = Terminated(text);
        byte[] packed = compressor.Wrap(plain).ToArray();
        return Add(FatBinaryEntryKind.Ptx, architecture, packed, packed.Length, plain.Length, Zstd);
    }

    public FatBinaryBuilder Cubin(int architecture) =>
        Add(FatBinaryEntryKind.Cubin, architecture, [0x7F, (byte)'E', (byte)'L', (byte)'F'], 0, 0, 0);

    /// <summary>The fat binary; <paramref name="damage"/> may change its bytes.</summary>
    public byte* Build(Action<byte[]>? damage = null)
    {
        byte[] file = new byte[FatBinary.HeaderBytes + _entries.Count];
        BinaryPrimitives.WriteUInt32LittleEndian(file, FatBinary.HeaderMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(6), FatBinary.HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), (ulong)_entries.Count);
        _entries.CopyTo(file, FatBinary.HeaderBytes);
        damage?.Invoke(file);
        return Bench.Pin(file);
    }

    /// <summary>The wrapper that an executable has around it.</summary>
    public byte* BuildWrapped()
    {
        byte[] wrapper = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(wrapper, FatBinary.WrapperMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(wrapper.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(wrapper.AsSpan(8), (ulong)Build());
        return Bench.Pin(wrapper);
    }

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private FatBinaryBuilder Add(FatBinaryEntryKind kind, int architecture, byte[] payload, int compressed, int expanded, ulong flags)
    {
        byte[] padded = new byte[(payload.Length + 7) / 8 * 8];
        payload.CopyTo(padded, 0);
        byte[] header = new byte[64];
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(2), 0x0101);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), (uint)header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), (ulong)padded.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), (uint)compressed);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), (uint)architecture);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(40), Usual | flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(56), (ulong)expanded);
        _entries.AddRange(header);
        _entries.AddRange(padded);
        return this;
    }
}
