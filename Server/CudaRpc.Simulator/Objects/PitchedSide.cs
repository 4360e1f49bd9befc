namespace CudaRpc.Simulator.Objects;

/// <summary>One side of a pitched copy as the program describes it. A pitch or height of 0 means: as large as the copy needs.</summary>
internal readonly struct PitchedSide
{
    public unsafe PitchedSide(
        CUmemorytype type, void* host, CUdeviceptr device, CUarray array, ulong x, ulong y, ulong z, ulong pitch, ulong height)
    {
        (Type, Host, Device, Array) = (type, (nint)host, device, array);
        (X, Y, Z, Pitch, Height) = (x, y, z, pitch, height);
    }

    public CUmemorytype Type { get; }

    public nint Host { get; }

    public CUdeviceptr Device { get; }

    public CUarray Array { get; }

    public ulong X { get; }

    public ulong Y { get; }

    public ulong Z { get; }

    public ulong Pitch { get; }

    public ulong Height { get; }

    /// <summary>Where the copy begins and its pitches, in bytes; false where rows or slices would overlap or the numbers have no room.</summary>
    public bool TryMeasure(in CopyExtent extent, out ulong offset, out ulong pitch, out ulong slice)
    {
        UInt128 width = (UInt128)X + extent.Width;
        UInt128 rows = (UInt128)Y + extent.Height;
        UInt128 slices = (UInt128)Z + extent.Depth;
        (offset, pitch, slice) = (0, 0, 0);
        bool overlaps = (Pitch != 0 && Pitch < width && (rows > 1 || slices > 1)) || (Height != 0 && Height < rows && slices > 1);
        bool large = width > long.MaxValue || rows > long.MaxValue || slices > long.MaxValue;
        if (overlaps || large || (Type == CUmemorytype.CU_MEMORYTYPE_DEVICE && Pitch > DeviceAttributes.MaxPitch))
        {
            return false;
        }
        UInt128 wide = Pitch == 0 ? width : Pitch;
        UInt128 deep = wide * (Height == 0 ? rows : Height);
        if (deep > long.MaxValue || (slices * deep) > long.MaxValue)
        {
            return false;
        }
        (pitch, slice) = ((ulong)wide, (ulong)deep);
        offset = (Z * slice) + (Y * pitch) + X;
        return true;
    }
}
