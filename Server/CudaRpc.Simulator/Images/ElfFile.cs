using System.Buffers.Binary;
using System.Text;

namespace CudaRpc.Simulator.Images;

/// <summary>Finds sections of 64-bit little-endian ELF files by name. Everything read is checked against the file's length.</summary>
internal static unsafe class ElfFile
{
    public const uint Magic = 0x464C457F;

    private const int HeaderBytes = 64, SectionBytes = 64;
    private const uint WithoutBytes = 8;

    /// <summary>
    /// Bytes of the file at <paramref name="start"/>, which the caller promises to be whole: the furthest end of anything its section table names. 0 if
    /// it is no such file.
    /// </summary>
    public static int Length(byte* start)
    {
        // SAFETY: the caller promises a whole file; one that is shorter than a header fails at its first bytes.
        if (*(uint*)start != Magic || start[4] != 2 || start[5] != 1 || *(ushort*)(start + 58) != SectionBytes)
        {
            return 0;
        }

        ulong sections = *(ulong*)(start + 40);
        ulong end = sections + ((ulong)*(ushort*)(start + 60) * SectionBytes);
        for (int i = 0; i < *(ushort*)(start + 60); i++)
        {
            byte* section = start + sections + (i * SectionBytes);
            if (*(uint*)(section + 4) != WithoutBytes)
            {
                end = Math.Max(end, *(ulong*)(section + 24) + *(ulong*)(section + 32));
            }
        }

        return end is >= HeaderBytes and <= int.MaxValue ? (int)end : 0;
    }

    /// <summary>The bytes of the section <paramref name="name"/>; empty if the file has none.</summary>
    public static ReadOnlySpan<byte> FindSection(ReadOnlySpan<byte> file, string name)
    {
        byte[] wanted = Encoding.ASCII.GetBytes(name + '\0');
        if (file.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(file) != Magic || file[4] != 2 || file[5] != 1)
        {
            return default;
        }

        ulong start = BinaryPrimitives.ReadUInt64LittleEndian(file[40..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[60..]);
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(file[62..]);
        if (start > (ulong)file.Length || (ulong)count * SectionBytes > (ulong)file.Length - start || namesIndex >= count)
        {
            return default;
        }

        ReadOnlySpan<byte> table = file.Slice((int)start, count * SectionBytes);
        ReadOnlySpan<byte> names = Contents(file, table[(namesIndex * SectionBytes)..]);
        for (; !table.IsEmpty; table = table[SectionBytes..])
        {
            uint nameStart = BinaryPrimitives.ReadUInt32LittleEndian(table);
            if (nameStart < names.Length && names[(int)nameStart..].StartsWith(wanted))
            {
                return Contents(file, table);
            }
        }

        return default;
    }

    private static ReadOnlySpan<byte> Contents(ReadOnlySpan<byte> file, ReadOnlySpan<byte> section)
    {
        ulong start = BinaryPrimitives.ReadUInt64LittleEndian(section[24..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(section[32..]);
        bool isPresent = BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) != WithoutBytes
            && start <= (ulong)file.Length && length <= (ulong)file.Length - start;
        return isPresent ? file.Slice((int)start, (int)length) : default;
    }
}
