namespace CudaRpc.Simulator.Objects;

/// <summary>Where a pitched copy starts, and how far apart rows and slices are there, in bytes.</summary>
internal readonly record struct PitchedPlace(MemoryPlace Start, ulong Pitch, ulong SlicePitch)
{
    /// <summary>Bytes from the first to the last of a copy that is not empty.</summary>
    public ulong Span(in CopyExtent extent) => ((extent.Depth - 1) * SlicePitch) + ((extent.Height - 1) * Pitch) + extent.Width;
}

/// <summary>Bytes of a row, rows of a slice, and slices of a pitched copy.</summary>
internal readonly record struct CopyExtent(ulong Width, ulong Height, ulong Depth)
{
    public ulong Bytes => Width * Height * Depth;

    public bool IsEmpty => Width == 0 || Height == 0 || Depth == 0;
}
