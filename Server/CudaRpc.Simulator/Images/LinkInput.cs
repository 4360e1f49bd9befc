using System.Globalization;
using System.Text;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Images;

/// <summary>
/// Finds the PTX in what programs give the linker: PTX, fat binaries, host objects with fat binaries in them, archives of such objects, and what the
/// simulated linker made itself. Everything read is checked against the length that the program gives.
/// </summary>
internal static class LinkInput
{
    private const int MemberHeaderBytes = 60;

    private static ReadOnlySpan<byte> ArchiveMagic => "!<arch>\n"u8;

    /// <summary>
    /// Adds the texts of <paramref name="data"/> to <paramref name="sources"/>. On failure <paramref name="message"/> says why.
    /// </summary>
    public static CUresult Read(
        CUjitInputType type, ReadOnlySpan<byte> data, string name, int architecture, List<PtxSource> sources, out string message)
    {
        message = "";
        switch (type)
        {
            case CUjitInputType.CU_JIT_INPUT_PTX:
                int nul = data.IndexOf((byte)0);
                sources.Add(new PtxSource(name, Encoding.UTF8.GetString(nul < 0 ? data : data[..nul])));
                return CUDA_SUCCESS;
            case CUjitInputType.CU_JIT_INPUT_FATBINARY:
                return ReadFatBinaries(data, name, isOptional: false, architecture, sources, out message);
            case CUjitInputType.CU_JIT_INPUT_CUBIN:
            case CUjitInputType.CU_JIT_INPUT_OBJECT:
                return ReadObject(data, name, isOptional: false, architecture, sources, out message);
            case CUjitInputType.CU_JIT_INPUT_LIBRARY:
                return ReadArchive(data, name, architecture, sources, out message);
            default:
                message = "the simulated linker takes no intermediate code";
                return CUDA_ERROR_NOT_SUPPORTED;
        }
    }

    private static CUresult ReadObject(
        ReadOnlySpan<byte> data, string name, bool isOptional, int architecture, List<PtxSource> sources, out string message)
    {
        message = "";
        if (ElfFile.FindSection(data, PtxContainer.Section) is { IsEmpty: false } linked)
        {
            if (PtxContainer.Read(linked) is not { } texts)
            {
                message = $"{name} is damaged";
                return CUDA_ERROR_INVALID_IMAGE;
            }

            sources.AddRange(texts);
            return CUDA_SUCCESS;
        }

        if (ElfFile.FindSection(data, ".nv_fatbin") is { IsEmpty: false } fat)
        {
            return ReadFatBinaries(fat, name, isOptional, architecture, sources, out message);
        }

        if (data.Length >= 4 && BitConverter.ToUInt32(data) == FatBinary.HeaderMagic)
        {
            return ReadFatBinaries(data, name, isOptional, architecture, sources, out message);
        }

        message = $"{name} has no PTX; the simulated GPU executes PTX only";
        return data.Length >= 4 && BitConverter.ToUInt32(data) == ElfFile.Magic ? CUDA_ERROR_NO_BINARY_FOR_GPU : CUDA_ERROR_INVALID_IMAGE;
    }

    // One behind the other, with padding between them, as host linkers leave them.
    private static CUresult ReadFatBinaries(
        ReadOnlySpan<byte> data, string name, bool isOptional, int architecture, List<PtxSource> sources, out string message)
    {
        int part = 0;
        while (data.Length >= FatBinary.HeaderBytes)
        {
            long length = FatBinary.Length(data);
            if (length > data.Length)
            {
                length = 0;
            }

            if (length == 0)
            {
                if (BitConverter.ToUInt64(data) != 0)
                {
                    break;
                }

                data = data[8..];
                continue;
            }

            CUresult found = CodeImage.ReadFatBinary(data[..(int)length], architecture, out message);
            if (found != CUDA_SUCCESS)
            {
                message = $"{name}: {message}";
                return found;
            }

            part++;
            sources.Add(new PtxSource(part == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name} ({part})"), message, isOptional));
            data = data[(int)Math.Min(data.Length, (length + 7) / 8 * 8)..];
        }

        message = part == 0 ? $"{name} is no fat binary, or a damaged one" : "";
        return part == 0 ? CUDA_ERROR_INVALID_IMAGE : CUDA_SUCCESS;
    }

    // Members without PTX for this device are left out, as those of other architectures are: what they define may not be missing.
    private static CUresult ReadArchive(ReadOnlySpan<byte> data, string name, int architecture, List<PtxSource> sources, out string message)
    {
        message = $"{name} is no archive, or a damaged one";
        if (!data.StartsWith(ArchiveMagic))
        {
            return CUDA_ERROR_INVALID_IMAGE;
        }

        data = data[ArchiveMagic.Length..];
        while (data.Length >= MemberHeaderBytes)
        {
            string size = Encoding.ASCII.GetString(data.Slice(48, 10)).Trim();
            if (!int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > data.Length - MemberHeaderBytes)
            {
                return CUDA_ERROR_INVALID_IMAGE;
            }

            string member = Encoding.ASCII.GetString(data[..16]).Trim().TrimEnd('/');
            _ = ReadObject(data.Slice(MemberHeaderBytes, length), $"{name}({member})", isOptional: true, architecture, sources, out _);
            data = data[Math.Min(data.Length, MemberHeaderBytes + length + (length & 1))..];
        }

        message = "";
        return CUDA_SUCCESS;
    }
}
