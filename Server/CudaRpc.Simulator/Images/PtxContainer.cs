using System.Buffers.Binary;
using System.Text;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Images;

/// <summary>
/// What the simulated linker makes: an ELF file for a GPU, as a real linker's cubin is, so that programs and transports measure and move it in the
/// same way. Its one section of bytes holds the linked PTX texts.
/// </summary>
/// <remarks>Section <c>.cudarpc.ptx</c>: for each text its name, a NUL, a 1 for an optional one and else a 0, the text, a NUL; UTF-8.</remarks>
internal static class PtxContainer
{
    public const string Section = ".cudarpc.ptx";

    private const ushort CudaMachine = 190, Executable = 2;
    private const int HeaderBytes = 64, SectionBytes = 64;
    private const uint Contents = 1, Strings = 3;

    /// <summary>The file.</summary>
    public static byte[] Write(IReadOnlyList<PtxSource> sources)
    {
        var texts = new List<byte>();
        foreach (PtxSource source in sources)
        {
            texts.AddRange(Encoding.UTF8.GetBytes(source.Name ?? ""));
            texts.Add(0);
            texts.Add(source.IsOptional ? (byte)1 : (byte)0);
            texts.AddRange(Encoding.UTF8.GetBytes(source.Text.TrimEnd('\0')));
            texts.Add(0);
        }

        byte[] names = Encoding.ASCII.GetBytes($"\0{Section}\0.shstrtab\0");
        int namesStart = HeaderBytes + texts.Count;
        int sectionsStart = (namesStart + names.Length + 7) / 8 * 8;
        byte[] file = new byte[sectionsStart + (3 * SectionBytes)];
        WriteHeader(file, sectionsStart);
        texts.CopyTo(file, HeaderBytes);
        names.CopyTo(file, namesStart);
        WriteSection(file.AsSpan(sectionsStart + SectionBytes), 1, Contents, HeaderBytes, texts.Count);
        WriteSection(file.AsSpan(sectionsStart + (2 * SectionBytes)), 2 + Section.Length, Strings, namesStart, names.Length);
        return file;
    }

    /// <summary>The texts in a section that <see cref="Write"/> made, or null if it is damaged.</summary>
    public static List<PtxSource>? Read(ReadOnlySpan<byte> section)
    {
        var sources = new List<PtxSource>();
        while (!section.IsEmpty)
        {
            int name = section.IndexOf((byte)0);
            int text = name < 0 || name + 2 > section.Length ? -1 : section[(name + 2)..].IndexOf((byte)0);
            if (text < 0)
            {
                return null;
            }

            sources.Add(new PtxSource(
                Encoding.UTF8.GetString(section[..name]), Encoding.UTF8.GetString(section.Slice(name + 2, text)), section[name + 1] != 0));
            section = section[(name + text + 3)..];
        }

        return sources.Count == 0 ? null : sources;
    }

    private static void WriteHeader(Span<byte> file, int sectionsStart)
    {
        // 64-bit, little endian, version 1.
        ReadOnlySpan<byte> identity = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file[16..], Executable);
        BinaryPrimitives.WriteUInt16LittleEndian(file[18..], CudaMachine);
        BinaryPrimitives.WriteUInt32LittleEndian(file[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(file[40..], (ulong)sectionsStart);
        BinaryPrimitives.WriteUInt16LittleEndian(file[52..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(file[58..], SectionBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(file[60..], 3);
        BinaryPrimitives.WriteUInt16LittleEndian(file[62..], 2);
    }

    private static void WriteSection(Span<byte> header, int name, uint type, int start, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)name);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], (ulong)start);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], 1);
    }
}
