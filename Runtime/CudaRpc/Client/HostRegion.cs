namespace CudaRpc.Client;

/// <summary>
/// Memory of the program that the server reads or writes when a stream gets there: the host side of an asynchronous copy. Rows of
/// <see cref="Width"/> bytes, one after another on the wire whatever their pitch here. Immutable.
/// </summary>
internal sealed unsafe class HostRegion
{
    /// <summary>The memory of <paramref name="box"/>.</summary>
    public HostRegion(in HostBox box, bool isPersistent = false)
        : this((void*)box.Start, box.Width, box.Height, box.Depth, box.RowPitch, box.SlicePitch, isPersistent)
    {
    }

    /// <summary><paramref name="length"/> bytes in one piece.</summary>
    public HostRegion(void* start, nuint length, bool isPersistent = false)
        : this(start, length, 1, 1, length, length, isPersistent)
    {
    }

    /// <param name="start">First byte of the first row.</param>
    /// <param name="width">Bytes of a row.</param>
    /// <param name="height">Rows of a slice.</param>
    /// <param name="depth">Slices.</param>
    /// <param name="rowPitch">Bytes from a row to the next.</param>
    /// <param name="slicePitch">Bytes from a slice to the next.</param>
    /// <param name="isPersistent">Whether it is used more than once: it then lives until it is removed.</param>
    public HostRegion(void* start, nuint width, nuint height, nuint depth, nuint rowPitch, nuint slicePitch, bool isPersistent = false)
    {
        Start = (byte*)start;
        (Width, Height, Depth, RowPitch, SlicePitch, IsPersistent) = (width, height, depth, rowPitch, slicePitch, isPersistent);
    }

    public byte* Start { get; }

    public nuint Width { get; }

    public nuint Height { get; }

    public nuint Depth { get; }

    public nuint RowPitch { get; }

    public nuint SlicePitch { get; }

    public bool IsPersistent { get; }

    /// <summary>Bytes on the wire.</summary>
    public nuint Length => Width * Height * Depth;

    /// <summary>Address behind the last byte.</summary>
    public ulong End => Length == 0 ? (ulong)Start : (ulong)(Start + ((Depth - 1) * SlicePitch) + ((Height - 1) * RowPitch) + Width);

    /// <summary>
    /// The piece of memory at <paramref name="offset"/> bytes on the wire: where it is and how many bytes of at most <paramref name="length"/>
    /// lie there together.
    /// </summary>
    public byte* Piece(nuint offset, nuint length, out nuint together)
    {
        (nuint row, nuint column) = Math.DivRem(offset, Width);
        (nuint slice, row) = Math.DivRem(row, Height);
        together = RowPitch == Width && SlicePitch == Width * Height ? length : nuint.Min(length, Width - column);
        return Start + (slice * SlicePitch) + (row * RowPitch) + column;
    }
}
