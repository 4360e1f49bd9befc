using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CudaRpc.Programs.Tests;

/// <summary>What a cubin shows of its kernels and variables: see docs/programs.md. An ELF file; little endian, 64 bits.</summary>
internal sealed class Cubin
{
    private const int SectionBytes = 64, SymbolBytes = 24;
    private const byte ObjectSymbol = 1;

    private readonly byte[] _file;
    private readonly List<Section> _sections = [];

    private Cubin(byte[] file) => _file = file;

    /// <summary>Reads the table of sections; null if the file is no cubin.</summary>
    public static Cubin? Read(byte[] file)
    {
        if (file.Length < 64 || BinaryPrimitives.ReadUInt32LittleEndian(file) != 0x464C457F) return null;
        var cubin = new Cubin(file);
        int start = (int)cubin.U64(40), count = cubin.U16(60), names = cubin.U16(62);
        int nameTable = (int)cubin.U64(start + (names * SectionBytes) + 24);
        for (int i = 0; i < count; i++)
        {
            int at = start + (i * SectionBytes);
            cubin._sections.Add(new Section(
                cubin.Text(nameTable + (int)cubin.U32(at)), (int)cubin.U64(at + 24), (int)cubin.U64(at + 32), (int)cubin.U32(at + 40)));
        }
        return cubin;
    }

    /// <summary>Kernels that return at once, and variables full of zeros.</summary>
    public string ToPtx(int architecture)
    {
        var ptx = new StringBuilder();
        ptx.Append(CultureInfo.InvariantCulture, $".version 8.4\n.target sm_{architecture}\n.address_size 64\n");
        foreach ((string name, ulong bytes, bool isConst) in Variables())
        {
            ptx.Append(CultureInfo.InvariantCulture, $".visible {(isConst ? ".const" : ".global")} .align 16 .b8 {name}[{bytes}];\n");
        }
        const string Information = ".nv.info.";
        foreach (Section section in _sections.Where(static section => section.Name.StartsWith(Information, StringComparison.Ordinal)))
        {
            string kernel = section.Name[Information.Length..];
            IEnumerable<string> parameters = Parameters(section).Select(parameter => $".param .align {parameter.Alignment} .b8 {kernel}_{parameter.Ordinal}[{parameter.Bytes}]");
            int shared = _sections.Find(other => other.Name == $".nv.shared.{kernel}")?.Bytes ?? 0;
            string declaration = shared > 0 ? $".shared .align 16 .b8 room[{shared}]; .reg .b32 %r<2>; mov.u32 %r1, room;" : "";
            ptx.Append(CultureInfo.InvariantCulture, $".visible .entry {kernel}({string.Join(", ", parameters)}) {{ {declaration} ret; }}\n");
        }
        return ptx.ToString();
    }

    // Format 4 is followed by its value's bytes. Attribute 0x17: u32 index, u16 ordinal, u16 offset, u32 of which the upper 14 bits are the size.
    private List<(int Ordinal, int Bytes, int Alignment)> Parameters(Section information)
    {
        var parameters = new List<(int Ordinal, int Offset, int Bytes)>();
        for (int at = information.Start, end = information.Start + information.Bytes; at + 4 <= end;)
        {
            (byte format, byte attribute, int value) = (_file[at], _file[at + 1], U16(at + 2));
            if (format == 4 && attribute == 0x17) parameters.Add((U16(at + 8), U16(at + 10), (int)(U32(at + 12) >> 18)));
            at += format == 4 ? 4 + value : 4;
        }
        return [.. parameters.OrderBy(static parameter => parameter.Ordinal).Select(static parameter => (parameter.Ordinal, parameter.Bytes, AlignmentOf(parameter.Offset)))];
    }

    // The offset must come out as it is: the largest power of two, up to 16, that divides it.
    private static int AlignmentOf(int offset) => offset == 0 ? 16 : Math.Min(16, offset & -offset);

    private IEnumerable<(string Name, ulong Bytes, bool IsConst)> Variables()
    {
        Section? symbols = _sections.Find(static section => section.Name == ".symtab");
        if (symbols is null) yield break;
        int names = _sections[symbols.Link].Start;
        for (int at = symbols.Start; at + SymbolBytes <= symbols.Start + symbols.Bytes; at += SymbolBytes)
        {
            int section = U16(at + 6);
            if ((_file[at + 4] & 15) != ObjectSymbol || section == 0 || section >= _sections.Count) continue;
            string place = _sections[section].Name;
            bool isConst = place == ".nv.constant3";
            if (isConst || place.StartsWith(".nv.global", StringComparison.Ordinal))
                yield return (Text(names + (int)U32(at)), Math.Max(U64(at + 16), 1), isConst);
        }
    }

    private int U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(at));

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(at));

    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(at));

    private string Text(int at) => Encoding.ASCII.GetString(_file, at, Array.IndexOf(_file, (byte)0, at) - at);

    private sealed record Section(string Name, int Start, int Bytes, int Link);
}
