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
    /// Bytes of the file at <paramref name="start"/>: the furthest end of anything its section table names. 0 if it is no such file, or would end where
    /// there is no memory.
    /// </summary>
    public static int Length(byte* start)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (ProgramMemory.Read(start, header) < header.Length || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic || header[4] != 2 || header[5] != 1
            || BinaryPrimitives.ReadUInt16LittleEndian(header[58..]) != SectionBytes)
        {
            return 0;
        }

        ulong sections = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        byte[] table = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header[60..]) * SectionBytes];
        if (sections > int.MaxValue || ProgramMemory.Read(start + sections, table) < table.Length)
        {
            return 0;
        }

        ulong end = sections + (ulong)table.Length;
        for (ReadOnlySpan<byte> section = table; !section.IsEmpty; section = section[SectionBytes..])
        {
            ulong first = BinaryPrimitives.ReadUInt64LittleEndian(section[24..]), bytes = BinaryPrimitives.ReadUInt64LittleEndian(section[32..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) != WithoutBytes)
            {
                end = Math.Max(end, first > int.MaxValue || bytes > int.MaxValue ? ulong.MaxValue : first + bytes);
            }
        }

        return end is >= HeaderBytes and <= int.MaxValue && ProgramMemory.IsReadable((ulong)start, end) ? (int)end : 0;
    }

    /// <summary>What is done with a section.</summary>
    public delegate void Visit<in T>(string name, ReadOnlySpan<byte> section, T argument);

    /// <summary>The bytes of the section <paramref name="name"/>; empty if the file has none.</summary>
    public static ReadOnlySpan<byte> FindSection(ReadOnlySpan<byte> file, string name)
    {
        byte[] wanted = Encoding.ASCII.GetBytes(name + '\0');
        ReadOnlySpan<byte> names = Tables(file, out ReadOnlySpan<byte> table);
        for (; !table.IsEmpty; table = table[SectionBytes..])
        {
            if (NameOf(names, table).StartsWith(wanted))
            {
                return Contents(file, table);
            }
        }

        return default;
    }

    /// <summary>Shows every section that has a name.</summary>
    public static void VisitSections<T>(ReadOnlySpan<byte> file, T argument, Visit<T> visit)
    {
        ReadOnlySpan<byte> names = Tables(file, out ReadOnlySpan<byte> table);
        for (; !table.IsEmpty; table = table[SectionBytes..])
        {
            ReadOnlySpan<byte> name = NameOf(names, table);
            if (name.IndexOf((byte)0) is > 0 and int length)
            {
                visit(Encoding.UTF8.GetString(name[..length]), Contents(file, table), argument);
            }
        }
    }

    // The table of sections, and the texts of their names; both empty for what is no such file.
    private static ReadOnlySpan<byte> Tables(ReadOnlySpan<byte> file, out ReadOnlySpan<byte> table)
    {
        table = default;
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

        table = file.Slice((int)start, count * SectionBytes);
        return Contents(file, table[(namesIndex * SectionBytes)..]);
    }

    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> names, ReadOnlySpan<byte> section)
    {
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(section);
        return start < names.Length ? names[(int)start..] : default;
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
