using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Objects;

/// <summary>A mipmapped array: its levels lie one after another in one piece of device memory.</summary>
internal sealed class DriverMipmappedArray : ContextObject
{
    private readonly nint[] _handles;

    public DriverMipmappedArray(DriverContext context, ArrayShape shape, uint levels, ulong address)
        : base(context)
    {
        Shape = shape;
        Address = address;
        _handles = new nint[levels];
        Levels = new DriverArray[levels];
        ulong offset = 0;
        for (uint level = 0; level < levels; level++)
        {
            ArrayShape one = shape.Level(level);
            Levels[level] = new DriverArray(context, one, address + offset, this);
            offset += LevelBytes(one);
        }
    }

    public ArrayShape Shape { get; }

    public ulong Address { get; }

    public DriverArray[] Levels { get; }

    public static ulong BytesOf(ArrayShape shape, uint levels)
    {
        ulong bytes = 0;
        for (uint level = 0; level < levels; level++)
        {
            bytes += LevelBytes(shape.Level(level));
        }
        return bytes;
    }

    /// <summary>The handle of a level, made when it is first asked for; 0 if the driver has too many.</summary>
    public nint HandleOf(uint level, HandleTable handles)
    {
        lock (_handles)
        {
            if (_handles[level] == 0)
            {
                _handles[level] = handles.Add(Levels[level]);
            }
            return _handles[level];
        }
    }

    /// <summary>Takes the levels' handles out.</summary>
    public void RemoveHandles(HandleTable handles)
    {
        lock (_handles)
        {
            foreach (nint handle in _handles)
            {
                handles.Remove<DriverArray>(handle, out _);
            }
        }
    }

    // Levels start where any texel is aligned.
    private static ulong LevelBytes(ArrayShape shape) => (shape.Bytes + 511) & ~511ul;
}
