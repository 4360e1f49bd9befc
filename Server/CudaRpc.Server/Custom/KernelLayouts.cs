using System.Buffers.Binary;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Images;
using CudaRpc.Simulator.Images;

namespace CudaRpc.Server;

/// <summary>
/// The parameter layouts of an image's kernels, read from the image itself: drivers before CUDA 12.4 cannot tell them. Machine code lists them in
/// <c>.nv.info</c> sections, PTX in its text. What cannot be read is left out; everything is checked against the image's length.
/// </summary>
internal static class KernelLayouts
{
    private const uint ElfMagic = 0x464C457F;
    private const int InfoHeaderBytes = 4, ParameterInfoBytes = 12;
    private const byte Sized = 4, ParameterInfo = 0x17, ParameterInfo2 = 0x45;

    private const string InfoPrefix = ".nv.info.";

    /// <summary>Layouts by kernel name, or null if there is none.</summary>
    public static Dictionary<string, List<ParameterLayout>>? Read(ReadOnlySpan<byte> image)
    {
        var layouts = new Dictionary<string, List<ParameterLayout>>();
        if (ImageFormat.IsFatBinary(image))
        {
            foreach (FatBinaryEntry entry in FatBinary.Read(image) ?? [])
            {
                ReadCode(FatBinary.Expand(image, entry), layouts);
            }
        }
        else
        {
            ReadCode(image, layouts);
        }

        return layouts.Count == 0 ? null : layouts;
    }

    private static void ReadCode(ReadOnlySpan<byte> code, Dictionary<string, List<ParameterLayout>> layouts)
    {
        if (code.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(code) == ElfMagic)
        {
            ElfFile.VisitSections(code, layouts, ReadSection);
        }
        else
        {
            PtxLayouts.Read(Encoding.UTF8.GetString(code), layouts);
        }
    }

    private static void ReadSection(string name, ReadOnlySpan<byte> section, Dictionary<string, List<ParameterLayout>> layouts)
    {
        if (!name.StartsWith(InfoPrefix, StringComparison.Ordinal))
        {
            return;
        }

        // Ordinals count down in the files that compilers make; a kernel without parameters has no entries but its section.
        var parameters = new SortedDictionary<int, ParameterLayout>();
        while (section.Length >= InfoHeaderBytes)
        {
            int value = BinaryPrimitives.ReadUInt16LittleEndian(section[2..]);
            byte attribute = section[1];
            int payload = section[0] == Sized ? value : 0;
            section = section[InfoHeaderBytes..];
            if (payload > section.Length)
            {
                return;
            }

            if (attribute is ParameterInfo or ParameterInfo2 && payload >= ParameterInfoBytes)
            {
                int ordinal = BinaryPrimitives.ReadUInt16LittleEndian(section[4..]);
                int offset = BinaryPrimitives.ReadUInt16LittleEndian(section[6..]);
                int size = attribute == ParameterInfo
                    ? (int)(BinaryPrimitives.ReadUInt32LittleEndian(section[8..]) >> 18)
                    : BinaryPrimitives.ReadUInt16LittleEndian(section[8..]);
                parameters[ordinal] = new ParameterLayout(offset, size);
            }

            section = section[payload..];
        }

        layouts.TryAdd(name[InfoPrefix.Length..], [.. parameters.Values]);
    }
}
