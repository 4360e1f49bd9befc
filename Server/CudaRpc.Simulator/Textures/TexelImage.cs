using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Textures;

/// <summary>
/// Texels in device memory as textures and surfaces see them: one level of an array, or linear memory. Sizes in texels, at least 1; pitches in
/// bytes. Slices are those of a volume, layers, or faces of cubes. An array is in its device's memory; memory of the program, for which
/// <c>Memory</c> is null, is reached as kernels reach it.
/// </summary>
internal readonly record struct TexelImage(
    DeviceMemory? Memory, bool IsLayered, ulong Address, TexelFormat Format, uint Width, uint Height, uint Slices, ulong RowPitch, ulong SlicePitch)
{
    /// <summary>Bytes from the first texel to the end of the last.</summary>
    private ulong Span => ((Slices - 1) * SlicePitch) + ((Height - 1) * RowPitch) + (Width * (ulong)Format.Bytes);

    public static TexelImage Of(Objects.DriverArray array) => new(
        array.Memory,
        array.Shape.IsLayered || array.Shape.IsCubemap,
        array.Address,
        array.Shape.Texels,
        (uint)array.Shape.Width,
        (uint)array.Shape.Rows,
        (uint)array.Shape.Slices,
        array.Shape.RowBytes,
        array.Shape.SliceBytes);

    /// <summary>The first texel in this process, or null where the memory was freed or is beyond reach. Only under a pin of the view.</summary>
    public unsafe byte* Resolve(MemoryView view) => Memory is null ? view.Resolve(Address, Span) : Memory.Resolve(Address, Span);

    /// <summary>A texel within the image, from what <see cref="Resolve"/> returned.</summary>
    public unsafe byte* At(byte* start, uint x, uint y, uint slice) =>
        start + (slice * SlicePitch) + (y * RowPitch) + (x * (ulong)Format.Bytes);
}
