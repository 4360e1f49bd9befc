using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CudaRpc.Images;

/// <summary>
/// Finds out how long a module image is: a program passes a bare pointer, and the image says its length itself.
/// </summary>
internal static unsafe class ImageFormat
{
    public const uint WrapperMagic = 0x466243b1;
    private const uint FatbinMagic = 0xBA55ED50;
    private const uint ElfMagic = 0x464C457F;
    public const uint WrapperLinked = 2;
    private const int FatbinHeaderSize = 16;
    private const int ElfHeaderSize = 64;
    private const int SectionSize = 64;
    private const int CudaMachine = 190;
    private const uint SectionWithoutBytes = 8;

    /// <summary>
    /// The bytes to send for the image at <paramref name="image"/>, which the program vouches for. A fatbin wrapper is replaced by the
    /// fatbin it points to. Empty for a wrapper of relocatable device code that has no linked image.
    /// </summary>
    public static ReadOnlySpan<byte> Measure(byte* image)
    {
        // SAFETY: every format has at least four bytes, PTX because "a NUL within the first four" is checked byte by byte.
        if (image[0] == 0 || image[1] == 0 || image[2] == 0 || image[3] == 0)
        {
            return TextOf(image);
        }

        switch (*(uint*)image)
        {
            case WrapperMagic:
                byte* fatbin = *(byte**)(image + 8);
                return fatbin == null || (*(uint*)(image + 4) == WrapperLinked && *(uint*)fatbin != FatbinMagic) ? default : Measure(fatbin);
            case FatbinMagic:
                return Span(image, FatbinLength(new ReadOnlySpan<byte>(image, FatbinHeaderSize)));
            case ElfMagic:
                return IsCubin(image) ? Span(image, ElfLength(image)) : default;
            default:
                return TextOf(image);
        }
    }

    /// <summary>Whether the image is a wrapper that lists the fat binaries of relocatable device code, and where those are.</summary>
    public static bool IsWrapperOfParts(byte* image, out byte* linked, out byte** parts)
    {
        linked = null;
        parts = null;
        bool isWrapper = image[0] != 0 && image[1] != 0 && image[2] != 0 && image[3] != 0 && *(uint*)image == WrapperMagic;
        if (isWrapper && *(uint*)(image + 4) == WrapperLinked)
        {
            linked = *(byte**)(image + 8);
            parts = *(byte***)(image + 16);
        }

        return parts != null && *parts != null;
    }

    /// <summary>Bytes of the fat binary at <paramref name="start"/>; 0 if it is none.</summary>
    public static ulong FatBinaryLength(byte* start) =>
        *(uint*)start == FatbinMagic ? FatbinLength(new ReadOnlySpan<byte>(start, FatbinHeaderSize)) : 0;

    /// <summary>Whether an image of known length is a bare fat binary.</summary>
    public static bool IsFatBinary(ReadOnlySpan<byte> image) =>
        image.Length >= FatbinHeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(image) == FatbinMagic;

    /// <summary>
    /// Whether <paramref name="image"/> is complete by its own account, so that a driver that trusts it reads no byte behind it.
    /// Wrappers never are: their pointers mean nothing in another process.
    /// </summary>
    public static bool IsComplete(ReadOnlySpan<byte> image)
    {
        if (image.Length >= 4)
        {
            switch (BinaryPrimitives.ReadUInt32LittleEndian(image))
            {
                case WrapperMagic:
                    return false;
                case FatbinMagic:
                    return image.Length >= FatbinHeaderSize && FatbinLength(image) == (ulong)image.Length;
                case ElfMagic:
                    fixed (byte* start = image)
                    {
                        return image.Length >= ElfHeaderSize && IsCubin(start) && TablesFit(image) && ElfLength(start) <= (ulong)image.Length;
                    }
            }
        }

        return image.Length > 0 && image[^1] == 0;
    }

    private static ReadOnlySpan<byte> TextOf(byte* text)
    {
        ReadOnlySpan<byte> content = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        return new ReadOnlySpan<byte>(text, content.Length + 1);
    }

    private static ReadOnlySpan<byte> Span(byte* start, ulong length) =>
        length <= int.MaxValue ? new ReadOnlySpan<byte>(start, (int)length) : default;

    private static ulong FatbinLength(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) + BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);

    // 64-bit, little endian, for a GPU, tables of the usual entry sizes: what else says it is ELF is not followed into memory.
    private static bool IsCubin(byte* elf) =>
        elf[4] == 2 && elf[5] == 1 && *(ushort*)(elf + 18) == CudaMachine && *(ushort*)(elf + 52) == ElfHeaderSize
        && *(ushort*)(elf + 58) is 0 or SectionSize && *(ulong*)(elf + 40) < int.MaxValue;

    // The file's size is not in it: the furthest end of anything its tables name is.
    private static ulong ElfLength(byte* elf)
    {
        ulong programs = *(ulong*)(elf + 32);
        ulong sections = *(ulong*)(elf + 40);
        uint programSize = *(ushort*)(elf + 54);
        uint programCount = *(ushort*)(elf + 56);
        uint sectionSize = *(ushort*)(elf + 58);
        uint sectionCount = *(ushort*)(elf + 60);
        ulong end = Math.Max(programs + (programSize * programCount), sections + (sectionSize * sectionCount));
        for (uint index = 0; index < sectionCount; index++)
        {
            byte* section = elf + sections + (index * sectionSize);
            if (*(uint*)(section + 4) != SectionWithoutBytes)
            {
                end = Math.Max(end, SaturatingAdd(*(ulong*)(section + 24), *(ulong*)(section + 32)));
            }
        }

        return Math.Max(end, ElfHeaderSize);
    }

    private static bool TablesFit(ReadOnlySpan<byte> elf)
    {
        ulong programs = BinaryPrimitives.ReadUInt64LittleEndian(elf[32..]);
        ulong sections = BinaryPrimitives.ReadUInt64LittleEndian(elf[40..]);
        uint sectionSize = BinaryPrimitives.ReadUInt16LittleEndian(elf[58..]);
        uint programBytes = (uint)BinaryPrimitives.ReadUInt16LittleEndian(elf[54..]) * BinaryPrimitives.ReadUInt16LittleEndian(elf[56..]);
        uint sectionBytes = sectionSize * BinaryPrimitives.ReadUInt16LittleEndian(elf[60..]);
        ulong length = (ulong)elf.Length;
        return programs <= length && programBytes <= length - programs
            && sections <= length && sectionBytes <= length - sections && (sectionBytes == 0 || sectionSize >= 64);
    }

    private static ulong SaturatingAdd(ulong left, ulong right) => left > ulong.MaxValue - right ? ulong.MaxValue : left + right;
}
