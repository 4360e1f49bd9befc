using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Writes what a host compiler and ar make of CUDA code: ELF objects with a section of fat binaries, and archives of them.</summary>
internal static class HostObject
{
    /// <summary>An object of an x86-64 machine whose section <c>.nv_fatbin</c> is <paramref name="fatBinaries"/>.</summary>
    public static byte[] Build(byte[] fatBinaries)
    {
        byte[] names = "\0.nv_fatbin\0.shstrtab\0"u8.ToArray();
        int namesStart = 64 + fatBinaries.Length;
        int table = (namesStart + names.Length + 7) / 8 * 8;
        byte[] file = new byte[table + (3 * 64)];
        new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 62);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(40), table);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(52), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(60), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(62), 2);
        fatBinaries.CopyTo(file, 64);
        names.CopyTo(file, namesStart);
        WriteSection(file.AsSpan(table + 64), 1, 64, fatBinaries.Length);
        WriteSection(file.AsSpan(table + 128), 12, namesStart, names.Length);
        return file;
    }

    public static byte[] Archive(params (string Name, byte[] Content)[] members)
    {
        var file = new List<byte>();
        file.AddRange("!<arch>\n"u8);
        foreach ((string name, byte[] content) in members)
        {
            string size = content.Length.ToString(CultureInfo.InvariantCulture);
            file.AddRange(Encoding.ASCII.GetBytes($"{name + "/",-16}{"0",-12}{"0",-6}{"0",-6}{"644",-8}{size,-10}`\n"));
            file.AddRange(content);
            if (content.Length % 2 != 0)
            {
                file.Add((byte)'\n');
            }
        }

        return [.. file];
    }

    private static void WriteSection(Span<byte> header, int name, int start, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, name);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], start);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], length);
    }
}
