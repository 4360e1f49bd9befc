namespace CudaRpc.Server;

/// <summary>
/// One side of a copy node that is the client's memory: its number there, the rows that stand for it here, and which way the node copies.
/// </summary>
internal sealed unsafe record HostCopy(long Region, nint Mirror, nuint Width, nuint Height, nuint Depth, nuint RowPitch, nuint SlicePitch, bool IsWritten)
{
    private nuint Length => Width * Height * Depth;

    /// <summary>Fetches the client's bytes. Blocks.</summary>
    public void Pull(HostChannel channel)
    {
        // SAFETY: as many bytes as the client's region has; rows lie within mapped windows.
        byte[] packed = new byte[checked((int)Length)];
        fixed (byte* start = packed)
        {
            if (!channel.Pull(Region, 0, start, Length, isLast: false))
            {
                return;
            }

            for (nuint row = 0; row < Height * Depth; row++)
            {
                Buffer.MemoryCopy(start + (row * Width), Row(row), Width, Width);
            }
        }
    }

    /// <summary>Sends the bytes to the client.</summary>
    public void Push(HostChannel channel)
    {
        byte[] packed = new byte[checked((int)Length)];
        fixed (byte* start = packed)
        {
            for (nuint row = 0; row < Height * Depth; row++)
            {
                Buffer.MemoryCopy(Row(row), start + (row * Width), Width, Width);
            }

            channel.Push(Region, 0, start, Length, isLast: false);
        }
    }

    private byte* Row(nuint row) => (byte*)Mirror + (row / Height * SlicePitch) + (row % Height * RowPitch);
}
