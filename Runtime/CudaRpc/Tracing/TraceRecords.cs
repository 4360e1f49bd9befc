using System.Text;

namespace CudaRpc.Tracing;

/// <summary>The bytes of a chunk's records, read strictly: whatever cannot have been written is a <see cref="FormatException"/>.</summary>
internal ref struct TraceRecords(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Where the next byte is.</summary>
    public int Position { get; private set; }

    /// <summary>Whether all has been read.</summary>
    public readonly bool IsAtEnd => Position == _bytes.Length;

    public byte ReadByte() => Position < _bytes.Length ? _bytes[Position++] : throw Broken();

    public ulong ReadUnsigned()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = ReadByte();
            if (shift == 63 && next > 1)
            {
                throw Broken();
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    public long ReadSigned()
    {
        ulong value = ReadUnsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A count or a duration, at most <paramref name="maximum"/>.</summary>
    public long ReadNumber(long maximum)
    {
        ulong value = ReadUnsigned();
        return value <= (ulong)maximum ? (long)value : throw Broken();
    }

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes(TraceFormat.MaximumText));

    /// <summary>Bytes behind their length, which is at most <paramref name="maximum"/>.</summary>
    public ReadOnlySpan<byte> ReadBytes(int maximum)
    {
        int length = (int)ReadNumber(maximum);
        if (length > _bytes.Length - Position)
        {
            throw Broken();
        }

        Position += length;
        return _bytes.Slice(Position - length, length);
    }

    public readonly FormatException Broken() => new($"no record at {Position}");
}
