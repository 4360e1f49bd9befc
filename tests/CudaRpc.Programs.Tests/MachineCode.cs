using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Simulator.Images;
using K4os.Compression.LZ4;

namespace CudaRpc.Programs.Tests;

/// <summary>
/// Kernels that do nothing in place of those of a cubin: the same names, parameters, shared memory and variables. With them a library that has machine
/// code only can be followed up to its launches, on a GPU that cannot execute them.
/// </summary>
internal static unsafe class MachineCode
{
    private const int Architecture = 90;

    /// <summary>PTX for an image in memory: a cubin, a fat binary or its wrapper; null if it has no machine code for the device.</summary>
    public static string? StandIn(nint image)
    {
        byte* start = (byte*)image;
        // SAFETY: the simulator passes images that it has looked at already: whole ones, which have four bytes and more.
        return *(uint*)start switch
        {
            ElfFile.Magic => Cubin.Read(new ReadOnlySpan<byte>(start, ElfFile.Length(start)).ToArray())?.ToPtx(Architecture),
            FatBinary.HeaderMagic => FromFatBinary(start),
            FatBinary.WrapperMagic => FromFatBinary(*(byte**)(start + 8)),
            _ => null,
        };
    }

    private static string? FromFatBinary(byte* start)
    {
        var file = new ReadOnlySpan<byte>(start, (int)FatBinary.Length(new ReadOnlySpan<byte>(start, FatBinary.HeaderBytes)));
        FatBinaryEntry? best = FatBinary.Read(file)?
            .Where(static entry => entry.Kind == FatBinaryEntryKind.Cubin && entry.Architecture / 10 == Architecture / 10 && entry.Architecture <= Architecture)
            .MaxBy(static entry => entry.Architecture);
        return best is null ? null : Cubin.Read(Expand(file, best))?.ToPtx(Architecture);
    }

    private static byte[] Expand(ReadOnlySpan<byte> file, FatBinaryEntry entry)
    {
        ReadOnlySpan<byte> payload = file.Slice(entry.Start, entry.Length);
        if (!entry.IsLz4) return payload.ToArray();
        byte[] cubin = new byte[entry.ExpandedLength];
        Assert.Equal(cubin.Length, LZ4Codec.Decode(payload, cubin));
        return cubin;
    }
}
