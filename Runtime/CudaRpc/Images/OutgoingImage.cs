using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CudaRpc.Driver;

namespace CudaRpc.Images;

/// <summary>
/// What is sent for a module image: the program's own bytes, or a copy where entries were left out or parts put together. Relocatable device code is
/// several fat binaries, the linked one, if there is one, and its parts; the server builds their wrapper anew.
/// </summary>
internal sealed unsafe class OutgoingImage : IDisposable
{
    /// <summary>Most parts of one image.</summary>
    public const int MaximumParts = 1 << 14;

    private const int PartAlignment = 8;

    private byte* _owned;

    private OutgoingImage(byte* start, nuint length, ulong[] parts)
    {
        Start = start;
        Length = length;
        Parts = parts;
    }

    /// <summary>The bytes to send.</summary>
    public byte* Start { get; }

    /// <summary>How many they are; 0 for what is no image.</summary>
    public nuint Length { get; }

    /// <summary>Bytes of each fat binary of relocatable device code, the linked one first (0 for none); each begins at a multiple of 8. Empty for other images.</summary>
    public ulong[] Parts { get; }

    /// <summary>Finds out what to send for the image at <paramref name="image"/>, which the program vouches for.</summary>
    /// <param name="image">What the program passed.</param>
    /// <param name="architectures">Of the devices that may run it; empty to leave nothing out.</param>
    public static OutgoingImage Measure(byte* image, ReadOnlySpan<int> architectures)
    {
        if (ImageFormat.IsWrapperOfParts(image, out byte* linked, out byte** parts))
        {
            return Gather(linked, parts, architectures);
        }

        ReadOnlySpan<byte> whole = ImageFormat.Measure(image);
        fixed (byte* start = whole)
        {
            if (architectures.IsEmpty || !ImageFormat.IsFatBinary(whole))
            {
                return new OutgoingImage(start, (nuint)whole.Length, []);
            }

            byte* copy = (byte*)NativeMemory.Alloc((nuint)whole.Length);
            int length = FatBinaryFilter.Filter(whole, architectures, new Span<byte>(copy, whole.Length));
            if (length < whole.Length)
            {
                return new OutgoingImage(copy, (nuint)length, []) { _owned = copy };
            }

            NativeMemory.Free(copy);
            return new OutgoingImage(start, (nuint)whole.Length, []);
        }
    }

    /// <summary>SHA-256 of the bytes.</summary>
    public void Hash(Span<byte> hash) => SHA256.HashData(new ReadOnlySpan<byte>(Start, (int)Length), hash);

    public void Dispose()
    {
        NativeMemory.Free(_owned);
        _owned = null;
    }

    /// <summary>Where the part behind one that ends at <paramref name="end"/> begins.</summary>
    public static ulong NextPart(ulong end) => (end + PartAlignment - 1) & ~(PartAlignment - 1UL);

    private static OutgoingImage Gather(byte* linked, byte** parts, ReadOnlySpan<int> architectures)
    {
        var starts = new List<nint> { (nint)linked };
        for (; ProgramMemory.TryRead(parts, out nint part) && part != 0 && starts.Count <= MaximumParts; parts++)
        {
            starts.Add(part);
        }

        ulong[] lengths = new ulong[starts.Count];
        ulong capacity = 0;
        for (int index = 0; index < lengths.Length; index++)
        {
            lengths[index] = starts[index] == 0 ? 0 : ImageFormat.FatBinaryLength((byte*)starts[index]);
            // A part that is no fat binary makes the whole none.
            bool isBad = starts[index] != 0 && lengths[index] == 0;
            capacity = NextPart(capacity) + lengths[index];
            if (isBad || lengths[index] > int.MaxValue || capacity > int.MaxValue || lengths.Length > MaximumParts)
            {
                return new OutgoingImage(null, 0, []);
            }
        }

        byte* copy = (byte*)NativeMemory.AllocZeroed((nuint)capacity);
        ulong end = 0;
        for (int index = 0; index < lengths.Length; index++)
        {
            // SAFETY: capacity is the sum of all lengths, rounded up; what is filtered is no longer than it was.
            ulong start = NextPart(end);
            var source = new ReadOnlySpan<byte>((byte*)starts[index], (int)lengths[index]);
            var target = new Span<byte>(copy + start, source.Length);
            int length = architectures.IsEmpty || source.IsEmpty ? source.Length : FatBinaryFilter.Filter(source, architectures, target);
            if (length == source.Length)
            {
                source.CopyTo(target);
            }

            lengths[index] = (ulong)length;
            end = start + lengths[index];
        }

        return new OutgoingImage(copy, (nuint)end, lengths) { _owned = copy };
    }
}
