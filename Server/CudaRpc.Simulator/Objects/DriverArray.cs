using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// A CUDA array, or one level of a mipmapped one. Its texels lie in device memory row by row; the address is the simulator's own and no
/// program learns it.
/// </summary>
internal sealed class DriverArray(DriverContext context, ArrayShape shape, ulong address, DriverMipmappedArray? parent) : ContextObject(context)
{
    public ArrayShape Shape { get; } = shape;

    public ulong Address { get; } = address;

    /// <summary>The mipmapped array whose level it is, and which owns the memory; null where it owns its own.</summary>
    public DriverMipmappedArray? Parent { get; } = parent;

    public DeviceMemory Memory => Context.Device.Memory;

    /// <summary>Where a copy begins; null where it would leave the array or divide a texel.</summary>
    public PitchedPlace? At(ulong x, ulong y, ulong z, in CopyExtent extent)
    {
        ulong texel = (ulong)Shape.Texels.Bytes;
        bool fits = x <= Shape.RowBytes && extent.Width <= Shape.RowBytes - x && x % texel == 0 && extent.Width % texel == 0
            && y <= Shape.Rows && extent.Height <= Shape.Rows - y
            && z <= Shape.Slices && extent.Depth <= Shape.Slices - z;
        ulong start = Address + (z * Shape.SliceBytes) + (y * Shape.RowBytes) + x;
        return fits ? new PitchedPlace(new MemoryPlace(Memory, start), Shape.RowBytes, Shape.SliceBytes) : null;
    }
}
