namespace CudaRpc.Client;

/// <summary>
/// Memory of the program that a copy reads or writes: slices of rows of bytes. On the wire the rows follow one another, whatever their
/// pitch here. Does not own the memory.
/// </summary>
/// <param name="Start">First byte of the first row.</param>
/// <param name="Width">Bytes of a row.</param>
/// <param name="Height">Rows of a slice.</param>
/// <param name="Depth">Slices.</param>
/// <param name="RowPitch">Bytes from a row to the next.</param>
/// <param name="SlicePitch">Bytes from a slice to the next.</param>
internal readonly unsafe record struct HostBox(nint Start, nuint Width, nuint Height, nuint Depth, nuint RowPitch, nuint SlicePitch)
{
    /// <summary>Bytes on the wire. The caller has seen to it that they can be counted.</summary>
    public nuint Length => Width * Height * Depth;

    /// <summary>Whether the bytes lie together.</summary>
    public bool IsLinear => (RowPitch == Width || Height == 1) && (SlicePitch == Width * Height || Depth == 1);

    /// <summary>Bytes from the first to the last.</summary>
    public nuint Span => Length == 0 ? 0 : ((Depth - 1) * SlicePitch) + ((Height - 1) * RowPitch) + Width;

    /// <summary>
    /// The memory at <paramref name="offset"/> bytes on the wire: where it is and how many bytes of at most <paramref name="length"/> lie
    /// there together.
    /// </summary>
    public byte* Piece(nuint offset, nuint length, out nuint together)
    {
        if (IsLinear)
        {
            together = length;
            return (byte*)Start + offset;
        }

        (nuint row, nuint column) = Math.DivRem(offset, Width);
        (nuint slice, row) = Math.DivRem(row, Height);
        bool packed = RowPitch == Width;
        together = nuint.Min(length, packed ? (Width * (Height - row)) - column : Width - column);
        return (byte*)Start + (slice * SlicePitch) + (row * RowPitch) + column;
    }

    /// <summary>Copies bytes of the wire from <paramref name="offset"/> on into <paramref name="target"/>.</summary>
    public void Gather(nuint offset, Span<byte> target)
    {
        for (int done = 0; done < target.Length;)
        {
            // SAFETY: the program vouches for the memory until the driver call returns; a piece lies within a row or packed rows of it.
            byte* piece = Piece(offset + (nuint)done, (nuint)(target.Length - done), out nuint together);
            new ReadOnlySpan<byte>(piece, (int)together).CopyTo(target[done..]);
            done += (int)together;
        }
    }

    /// <summary>Copies bytes of the wire that begin at <paramref name="offset"/> to their places.</summary>
    public void Scatter(nuint offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            // SAFETY: as in Gather.
            byte* piece = Piece(offset, (nuint)source.Length, out nuint together);
            source[..(int)together].CopyTo(new Span<byte>(piece, (int)together));
            source = source[(int)together..];
            offset += together;
        }
    }
}
