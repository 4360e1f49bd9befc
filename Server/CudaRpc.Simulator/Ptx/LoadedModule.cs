using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Ptx;

/// <summary>A module whose variables have addresses in one device's memory. Owns them until disposed.</summary>
public sealed class LoadedModule : IDisposable
{
    private readonly Dictionary<string, (ulong Address, ulong Size)> _globals = [];

    /// <summary>Allocates and initialises the variables of <paramref name="module"/> for <paramref name="owner"/>.</summary>
    /// <exception cref="InsufficientMemoryException">They do not fit into <paramref name="memory"/>; nothing is left allocated.</exception>
    public LoadedModule(PtxModule module, DeviceMemory memory, object owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        Module = module;
        Memory = memory;
    }

    /// <summary>What was loaded.</summary>
    public PtxModule Module { get; }

    /// <summary>Where it was loaded.</summary>
    public DeviceMemory Memory { get; }

    /// <summary>Address and size in bytes of a variable.</summary>
    public bool TryGetGlobal(string name, out ulong address, out ulong size)
    {
        bool found = _globals.TryGetValue(name, out (ulong Address, ulong Size) global);
        (address, size) = global;
        return found;
    }

    /// <summary>Frees the variables. No kernel of the module may be running.</summary>
    public void Dispose()
    {
        foreach ((ulong address, _) in _globals.Values)
        {
            Memory.Free(address);
        }

        _globals.Clear();
    }
}
