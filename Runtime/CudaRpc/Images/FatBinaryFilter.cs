using System.Buffers.Binary;

namespace CudaRpc.Images;

/// <summary>Leaves out of a fat binary what none of a server's devices can use: machine code for others, PTX for newer ones.</summary>
/// <remarks>
/// Entry: 0 u16 kind, 4 u32 header bytes, 8 u64 payload bytes, 28 u32 architecture, 40 u64 flags; the payload follows the header. Machine code runs on
/// devices of its major version and of no lower minor one; PTX on those of no lower version; what is specific to an architecture or a family there only.
/// </remarks>
internal static class FatBinaryFilter
{
    private const int HeaderBytes = 16;
    private const int EntryBytes = 64;
    private const ushort Ptx = 1, Cubin = 2;
    private const ulong ArchitectureSpecific = 0x100000, FamilySpecific = 0x200000;

    /// <summary>
    /// Writes the fat binary without its useless entries to <paramref name="target"/>, which is as long, and returns its new length; the same length, and
    /// nothing written, where all are useful, none is, or the file is not understood.
    /// </summary>
    /// <param name="file">The whole fat binary.</param>
    /// <param name="architectures">Of the devices, 90 for compute capability 9.0.</param>
    /// <param name="target">Where the shorter one goes.</param>
    public static int Filter(ReadOnlySpan<byte> file, ReadOnlySpan<int> architectures, Span<byte> target)
    {
        int header = file.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        int length = header;
        int kept = 0;
        int dropped = 0;
        for (int start = header; start < file.Length;)
        {
            ReadOnlySpan<byte> entry = file[start..];
            if (!TryMeasure(entry, out int bytes))
            {
                return file.Length;
            }

            if (IsUseful(entry, architectures))
            {
                entry[..bytes].CopyTo(target[length..]);
                length += bytes;
                kept++;
            }
            else
            {
                dropped++;
            }

            start += bytes;
        }

        if (kept == 0 || dropped == 0 || header < HeaderBytes)
        {
            return file.Length;
        }

        file[..header].CopyTo(target);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], (ulong)(length - header));
        return length;
    }

    private static bool TryMeasure(ReadOnlySpan<byte> entry, out int bytes)
    {
        bytes = 0;
        if (entry.Length < EntryBytes)
        {
            return false;
        }

        uint header = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        ulong payload = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
        if (header < EntryBytes || header > (uint)entry.Length || payload > (ulong)entry.Length - header)
        {
            return false;
        }

        bytes = (int)header + (int)payload;
        return true;
    }

    private static bool IsUseful(ReadOnlySpan<byte> entry, ReadOnlySpan<int> architectures)
    {
        ushort kind = BinaryPrimitives.ReadUInt16LittleEndian(entry);
        int architecture = (int)BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]);
        ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]);
        foreach (int device in architectures)
        {
            bool sameMajor = device / 10 == architecture / 10;
            bool fits = architecture <= device;
            bool useful = kind switch
            {
                Ptx or Cubin when (flags & ArchitectureSpecific) != 0 => architecture == device,
                Ptx or Cubin when (flags & FamilySpecific) != 0 => sameMajor && fits,
                Cubin => sameMajor && fits,
                Ptx => fits,
                _ => true,
            };
            if (useful)
            {
                return true;
            }
        }

        return false;
    }
}
