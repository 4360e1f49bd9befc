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
        if (MagicOf(image) == ElfFile.Magic && ElfFile.Length(image) is > 0 and var length
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
        else if (MagicOf(image) == FatBinary.WrapperMagic && ProgramMemory.TryRead(image + 4, out uint version) && version == FatBinary.WrapperOfParts
            && ProgramMemory.TryRead(image + 16, out nint parts))
        {
            result = ReadParts((byte**)parts, architecture, sources, out message);
        }

        return result;
    }

    // The linked image has machine code only, if it is there at all; the parts have the PTX. The list ends with a null.
    private static CUresult ReadParts(byte** parts, int architecture, List<PtxSource> sources, out string message)
    {
        message = "the fat binary wrapper has no parts";
        for (int i = 0; ProgramMemory.TryRead(parts + i, out nint part) && part != 0; i++)
        {
            if (ReadFatBinary((byte*)part, architecture, out string text) is not CUDA_SUCCESS and var error)
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
        switch (MagicOf(image))
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
        if (!ProgramMemory.TryRead(wrapper + 8, out nint file) || file == 0)
        {
            text = "the fat binary wrapper is empty";
            return CUDA_ERROR_INVALID_IMAGE;
        }
        return ReadFatBinary((byte*)file, architecture, out text);
    }

    private static CUresult ReadFatBinary(byte* start, int architecture, out string text)
    {
        text = "the fat binary is damaged";
        Span<byte> header = stackalloc byte[FatBinary.HeaderBytes];
        long length = ProgramMemory.Read(start, header) < header.Length ? 0 : FatBinary.Length(header);
        return length == 0 || !ProgramMemory.IsReadable((ulong)start, (ulong)length) ? CUDA_ERROR_INVALID_IMAGE : ReadFatBinary(new ReadOnlySpan<byte>(start, (int)length), architecture, out text);
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

    // Programs pass anything: what cannot be read is no image, and ends nothing but the call. A PTX text may be shorter than a magic.
    private static uint MagicOf(byte* image) => ProgramMemory.TryRead(image, out uint magic) ? magic : 0;

    private static CUresult ReadText(byte* image, out string text)
    {
        text = ProgramMemory.TryReadText(image, out ReadOnlySpan<byte> content) ? Encoding.UTF8.GetString(content) : "";
        if (text.Contains(".version", StringComparison.Ordinal))
        {
            return CUDA_SUCCESS;
        }
        text = "the image is neither PTX nor a fat binary nor a cubin";
        return CUDA_ERROR_INVALID_IMAGE;
    }
}
