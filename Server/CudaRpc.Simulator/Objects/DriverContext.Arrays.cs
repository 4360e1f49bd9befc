using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Objects;

internal sealed partial class DriverContext
{
    // Memory of arrays, by address. It is owned by this set, not by the context: no address of it is one that programs may use.
    private readonly HashSet<ulong> _arrays = [];

    /// <summary>What kernels of the context may sample, load from and store to by number.</summary>
    public TextureTable Textures { get; } = new();

    /// <summary>Allocates the memory of an array. 0: it does not fit, or the context is closing.</summary>
    public ulong AllocateArray(ulong bytes)
    {
        lock (_lock)
        {
            ulong address = _closed ? 0 : Device.Memory.Allocate(bytes, _arrays);
            if (address != 0)
            {
                _arrays.Add(address);
            }
            return address;
        }
    }

    /// <summary>Frees the memory of an array; of several callers only one does.</summary>
    public void FreeArray(ulong address)
    {
        lock (_lock)
        {
            if (_arrays.Remove(address))
            {
                Device.Memory.Free(address);
            }
        }
    }

    private void FreeArrays()
    {
        foreach (ulong address in _arrays)
        {
            Device.Memory.Free(address);
        }
        _arrays.Clear();
    }
}
