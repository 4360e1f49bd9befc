using System.Buffers.Binary;
using CudaRpc.Driver;

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
    /// The bytes to send for the image at <paramref name="image"/>. A fatbin wrapper is replaced by the fatbin it points to. Empty for a wrapper
    /// of relocatable device code that has no linked image, and for what would end where there is no memory.
    /// </summary>
    public static ReadOnlySpan<byte> Measure(byte* image)
    {
        if (ProgramMemory.TryRead(image, out Wrapper wrapper) && wrapper.Magic == WrapperMagic)
        {
            uint magic = MagicOf(wrapper.Image);
            return magic == WrapperMagic || (wrapper.Version == WrapperLinked && magic != FatbinMagic) ? default : MeasureBare(wrapper.Image, magic);
        }

        return MeasureBare(image, MagicOf(image));
    }

    /// <summary>Whether the image is a wrapper that lists the fat binaries of relocatable device code, and where those are.</summary>
    public static bool IsWrapperOfParts(byte* image, out byte* linked, out byte** parts)
    {
        bool isWrapper = ProgramMemory.TryRead(image, out Wrapper wrapper) && wrapper.Magic == WrapperMagic && wrapper.Version == WrapperLinked;
        linked = isWrapper ? wrapper.Image : null;
        parts = isWrapper ? wrapper.Parts : null;
        return parts != null && ProgramMemory.TryRead(parts, out nint first) && first != 0;
    }

    /// <summary>Bytes of the fat binary at <paramref name="start"/>; 0 if it is none, or would end where there is no memory.</summary>
    public static ulong FatBinaryLength(byte* start)
    {
        Span<byte> header = stackalloc byte[FatbinHeaderSize];
        ulong length = MagicOf(start) == FatbinMagic && ProgramMemory.Read(start, header) == header.Length ? FatbinLength(header) : 0;
        return length <= int.MaxValue && ProgramMemory.IsReadable((ulong)start, length) ? length : 0;
    }

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
                    return image.Length >= ElfHeaderSize && IsCubin(image) && TablesFit(image)
                        && ElfLength(image, image.Slice((int)SectionsOf(image), SectionBytesOf(image))) <= (ulong)image.Length;
            }
        }

        return image.Length > 0 && image[^1] == 0;
    }

    private static uint MagicOf(byte* image) => ProgramMemory.TryRead(image, out uint magic) ? magic : 0;

    private static ReadOnlySpan<byte> MeasureBare(byte* image, uint magic) => magic switch
    {
        FatbinMagic => Span(image, FatBinaryLength(image)),
        ElfMagic => CubinOf(image),
        _ => TextOf(image),
    };

    private static ReadOnlySpan<byte> CubinOf(byte* image)
    {
        Span<byte> header = stackalloc byte[ElfHeaderSize];
        if (ProgramMemory.Read(image, header) < header.Length || !IsCubin(header))
        {
            return default;
        }

        byte[] sections = new byte[SectionBytesOf(header)];
        ulong length = ProgramMemory.Read(image + SectionsOf(header), sections) == sections.Length ? ElfLength(header, sections) : 0;
        return length <= int.MaxValue && ProgramMemory.IsReadable((ulong)image, length) ? Span(image, length) : default;
    }

    private static ReadOnlySpan<byte> TextOf(byte* text) =>
        ProgramMemory.TryReadText(text, out ReadOnlySpan<byte> content) ? Span(text, (ulong)content.Length + 1) : default;

    // SAFETY: the caller has looked that the memory is there.
    private static ReadOnlySpan<byte> Span(byte* start, ulong length) =>
        length <= int.MaxValue ? new ReadOnlySpan<byte>(start, (int)length) : default;

    private static ulong FatbinLength(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) + BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);

    // 64-bit, little endian, for a GPU, tables of the usual entry sizes: what else says it is ELF is not followed into memory.
    private static bool IsCubin(ReadOnlySpan<byte> elf) =>
        elf[4] == 2 && elf[5] == 1 && UInt16(elf, 18) == CudaMachine && UInt16(elf, 52) == ElfHeaderSize
        && UInt16(elf, 58) is 0 or SectionSize && SectionsOf(elf) < int.MaxValue;

    private static ulong SectionsOf(ReadOnlySpan<byte> elf) => UInt64(elf, 40);

    private static int SectionBytesOf(ReadOnlySpan<byte> elf) => UInt16(elf, 58) * UInt16(elf, 60);

    // The file's size is not in it: the furthest end of anything its tables name is.
    private static ulong ElfLength(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> sections)
    {
        ulong programBytes = (uint)UInt16(elf, 54) * UInt16(elf, 56);
        ulong end = Math.Max(SaturatingAdd(UInt64(elf, 32), programBytes), SectionsOf(elf) + (ulong)sections.Length);
        for (; !sections.IsEmpty; sections = sections[SectionSize..])
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(sections[4..]) != SectionWithoutBytes)
            {
                end = Math.Max(end, SaturatingAdd(UInt64(sections, 24), UInt64(sections, 32)));
            }
        }

        return Math.Max(end, ElfHeaderSize);
    }

    private static bool TablesFit(ReadOnlySpan<byte> elf)
    {
        ulong programs = UInt64(elf, 32), sections = SectionsOf(elf);
        ulong programBytes = (uint)UInt16(elf, 54) * UInt16(elf, 56), sectionBytes = (ulong)SectionBytesOf(elf);
        ulong length = (ulong)elf.Length;
        return programs <= length && programBytes <= length - programs
            && sections <= length && sectionBytes <= length - sections;
    }

    private static ulong SaturatingAdd(ulong left, ulong right) => left > ulong.MaxValue - right ? ulong.MaxValue : left + right;

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static ulong UInt64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    /// <summary>What nvcc puts around a fat binary; of the older version without the parts.</summary>
    private readonly struct Wrapper(uint magic, uint version, byte* image, byte** parts)
    {
        public readonly uint Magic = magic;
        public readonly uint Version = version;
        public readonly byte* Image = image;
        public readonly byte** Parts = parts;
    }
}
