using System.Buffers.Binary;
using K4os.Compression.LZ4;

namespace CudaRpc.Simulator.Images;

/// <summary>
/// Reads fat binaries: what nvcc puts into an executable. Everything read is checked against the sizes that the header gives.
/// </summary>
/// <remarks>
/// Little endian. Header: u32 magic, u16 version, u16 header bytes, u64 bytes behind the header; then entries. Entry: 0 u16 kind, 4 u32
/// header bytes, 8 u64 payload bytes with padding, 16 u32 payload bytes without padding if compressed else 0, 28 u32 architecture, 40 u64
/// flags, 56 u64 expanded bytes; the payload follows the entry's header. LZ4 payloads are one raw block, Zstandard ones a frame.
/// </remarks>
internal static class FatBinary
{
    public const uint WrapperMagic = 0x466243B1;
    /// <summary>Version of a wrapper that lists the fat binaries of relocatable device code.</summary>
    public const uint WrapperOfParts = 2;

    public const uint HeaderMagic = 0xBA55ED50;
    public const int HeaderBytes = 16;

    /// <summary>Bound on what a compressed entry may expand to.</summary>
    public const int MaxTextBytes = 256 << 20;

    private const int EntryBytes = 64;
    private const ulong Lz4 = 0x2000, Zstd = 0x8000, ArchitectureSpecific = 0x100000, FamilySpecific = 0x200000;

    /// <summary>Length of a fat binary by its header, or 0 if it is none.</summary>
    public static long Length(ReadOnlySpan<byte> header)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != HeaderMagic)
        {
            return 0;
        }
        int headerBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        ulong body = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        return headerBytes < HeaderBytes || body > int.MaxValue - (ulong)headerBytes ? 0 : headerBytes + (long)body;
    }

    /// <summary>The entries, or null if the file is damaged.</summary>
    public static List<FatBinaryEntry>? Read(ReadOnlySpan<byte> file)
    {
        var entries = new List<FatBinaryEntry>();
        int start = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        while (start < file.Length)
        {
            ReadOnlySpan<byte> entry = file[start..];
            if (entry.Length < EntryBytes)
            {
                return null;
            }
            uint headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            ulong payload = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
            uint compressed = BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]);
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]);
            ulong expanded = BinaryPrimitives.ReadUInt64LittleEndian(entry[56..]);
            if (headerBytes < EntryBytes || headerBytes > entry.Length
                || payload > (ulong)entry.Length - headerBytes || compressed > payload)
            {
                return null;
            }
            entries.Add(new FatBinaryEntry
            {
                Kind = (FatBinaryEntryKind)BinaryPrimitives.ReadUInt16LittleEndian(entry),
                Architecture = (int)BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]),
                IsSpecific = (flags & (ArchitectureSpecific | FamilySpecific)) != 0,
                IsLz4 = (flags & Lz4) != 0,
                IsZstd = (flags & Zstd) != 0,
                Start = start + (int)headerBytes,
                Length = compressed != 0 ? (int)compressed : (int)payload,
                ExpandedLength = expanded,
            });
            start += (int)headerBytes + (int)payload;
        }
        return entries;
    }

    /// <summary>The text of a PTX entry without the NUL at its end, or another entry's bytes; null if it is damaged.</summary>
    public static byte[]? Expand(ReadOnlySpan<byte> file, FatBinaryEntry entry)
    {
        ReadOnlySpan<byte> payload = file.Slice(entry.Start, entry.Length);
        if (!entry.IsLz4 && !entry.IsZstd)
        {
            return Content(payload, entry).ToArray();
        }
        if (entry.ExpandedLength > MaxTextBytes)
        {
            return null;
        }
        byte[] text = new byte[entry.ExpandedLength];
        int length = entry.IsLz4 ? LZ4Codec.Decode(payload, text) : ExpandZstd(payload, text);
        return length < 0 ? null : Content(text.AsSpan(0, length), entry).ToArray();
    }

    private static int ExpandZstd(ReadOnlySpan<byte> payload, byte[] text)
    {
        using var decompressor = new ZstdSharp.Decompressor();
        try
        {
            return decompressor.Unwrap(payload, text);
        }
        catch (ZstdSharp.ZstdException)
        {
            return -1;
        }
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> text, FatBinaryEntry entry)
    {
        if (entry.Kind != FatBinaryEntryKind.Ptx)
        {
            return text;
        }

        int nul = text.IndexOf((byte)0);
        return nul < 0 ? text : text[..nul];
    }
}
