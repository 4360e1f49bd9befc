using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Images;

/// <summary>
/// Finds the PTX in the images that programs load: PTX text, a fat binary, the wrapper nvcc puts around one, or a cubin, which has none.
/// Programs pass no length; the image itself says how long it is.
/// </summary>
internal static unsafe class CodeImage
{
    /// <summary>
    /// The PTX texts that make the module: one, but for what was linked by the simulated linker and for relocatable device code, whose wrapper lists
    /// the parts. On failure <paramref name="message"/> says what is wrong.
    /// </summary>
    public static CUresult ReadAll(byte* image, int architecture, out List<PtxSource> sources, out string message)
    {
        sources = [];
        // SAFETY: as in Read; only what has four bytes is looked at further.
        bool isBinary = image[0] != 0 && image[1] != 0 && image[2] != 0 && image[3] != 0;
        if (isBinary && *(uint*)image == ElfFile.Magic && ElfFile.Length(image) is > 0 and var length
            && ElfFile.FindSection(new ReadOnlySpan<byte>(image, length), PtxContainer.Section) is { IsEmpty: false } linked)
        {
            message = "the linked image is damaged";
            return PtxContainer.Read(linked) is { } texts && (sources = texts).Count > 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
        }

        CUresult result = Read(image, architecture, out message);
        if (result == CUDA_SUCCESS)
        {
            sources.Add(new PtxSource(null, message));
            message = "";
        }
        else if (isBinary && *(uint*)image == FatBinary.WrapperMagic && *(uint*)(image + 4) == FatBinary.WrapperOfParts)
        {
            result = ReadParts(*(byte***)(image + 16), architecture, sources, out message);
        }

        return result;
    }

    // The linked image has machine code only, if it is there at all; the parts have the PTX. The list ends with a null.
    private static CUresult ReadParts(byte** parts, int architecture, List<PtxSource> sources, out string message)
    {
        message = "the fat binary wrapper has no parts";
        for (int i = 0; parts != null && parts[i] != null; i++)
        {
            if (ReadFatBinary(parts[i], architecture, out string text) is not CUDA_SUCCESS and var error)
            {
                message = $"part {i + 1}: {text}";
                return error;
            }

            sources.Add(new PtxSource($"part {i + 1}", text));
        }

        return sources.Count == 0 ? CUDA_ERROR_INVALID_IMAGE : CUDA_SUCCESS;
    }

    /// <summary>The PTX text to compile for the architecture. On failure <paramref name="text"/> says what is wrong instead.</summary>
    public static CUresult Read(byte* image, int architecture, out string text)
    {
        // SAFETY: the caller promises a whole image. Its first four bytes are read one by one: a PTX text may be shorter.
        uint magic = 0;
        for (int i = 0; i < sizeof(uint) && (i == 0 || image[i - 1] != 0); i++)
        {
            magic |= (uint)image[i] << (8 * i);
        }
        switch (magic)
        {
            case FatBinary.WrapperMagic:
                return ReadWrapper(image, architecture, out text);
            case FatBinary.HeaderMagic:
                return ReadFatBinary(image, architecture, out text);
            case ElfFile.Magic:
                text = "the image is a cubin; the simulated GPU executes PTX only";
                return CUDA_ERROR_NO_BINARY_FOR_GPU;
            default:
                return ReadText(image, out text);
        }
    }

    private static CUresult ReadWrapper(byte* wrapper, int architecture, out string text)
    {
        // u32 magic, u32 version, pointer to the fat binary, and from version 2 on a list of the parts it was linked from.
        byte* file = *(byte**)(wrapper + 8);
        if (file == null)
        {
            text = "the fat binary wrapper is empty";
            return CUDA_ERROR_INVALID_IMAGE;
        }
        return ReadFatBinary(file, architecture, out text);
    }

    private static CUresult ReadFatBinary(byte* start, int architecture, out string text)
    {
        text = "the fat binary is damaged";
        long length = FatBinary.Length(new ReadOnlySpan<byte>(start, FatBinary.HeaderBytes));
        return length == 0 ? CUDA_ERROR_INVALID_IMAGE : ReadFatBinary(new ReadOnlySpan<byte>(start, (int)length), architecture, out text);
    }

    /// <summary>The PTX of a fat binary, or what is wrong with it.</summary>
    public static CUresult ReadFatBinary(ReadOnlySpan<byte> file, int architecture, out string text)
    {
        text = "the fat binary is damaged";
        if (FatBinary.Read(file) is not { } entries)
        {
            return CUDA_ERROR_INVALID_IMAGE;
        }
        // The newest architecture is what the driver would compile; code for every device before code for this one only.
        FatBinaryEntry? best = entries
            .Where(entry => entry.Kind == FatBinaryEntryKind.Ptx && entry.Suits(architecture))
            .OrderByDescending(static entry => entry.Architecture)
            .ThenBy(static entry => entry.IsSpecific)
            .FirstOrDefault();
        if (best is null)
        {
            string present = string.Join(", ", entries.Select(static entry => $"{entry.Kind} {entry.Architecture}"));
            text = $"the simulated GPU executes PTX only, up to compute_{architecture}; the fat binary has: {present}";
            return CUDA_ERROR_NO_BINARY_FOR_GPU;
        }
        if (FatBinary.Expand(file, best) is not { } ptx)
        {
            return CUDA_ERROR_INVALID_IMAGE;
        }
        text = Encoding.UTF8.GetString(ptx);
        return CUDA_SUCCESS;
    }

    private static CUresult ReadText(byte* image, out string text)
    {
        text = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(image));
        if (text.Contains(".version", StringComparison.Ordinal))
        {
            return CUDA_SUCCESS;
        }
        text = "the image is neither PTX nor a fat binary nor a cubin";
        return CUDA_ERROR_INVALID_IMAGE;
    }
}
