namespace CudaRpc.Simulator.Objects;

internal sealed partial class DriverContext
{
    private readonly Dictionary<ulong, DeviceAllocation> _allocations = [];
    private readonly HashSet<DriverModule> _modules = [];
    private readonly Dictionary<DriverLibrary, DriverModule> _libraryModules = [];

    /// <summary>Work of another context reaches this one's memory on its own device, and elsewhere where it has enabled it.</summary>
    public MemoryAccess AccessFrom(DriverContext context) =>
        context == this || (context.Driver == Driver && (context.Device == Device || context.HasPeer(this)))
            ? MemoryAccess.ReadWrite
            : MemoryAccess.None;

    /// <summary>Allocates device memory. 0: it does not fit, or the context is closing.</summary>
    public ulong Allocate(ulong bytes)
    {
        lock (_lock)
        {
            ulong address = _closed ? 0 : Device.Memory.Allocate(bytes, this);
            if (address != 0)
            {
                _allocations.Add(address, new DeviceAllocation(address, bytes, Driver.NextId(), Pool: null));
            }
            return address;
        }
    }

    public bool TryGetAllocation(ulong address, out DeviceAllocation allocation)
    {
        lock (_lock)
        {
            return _allocations.TryGetValue(address, out allocation);
        }
    }

    public bool Disown(ulong address, out DeviceAllocation allocation)
    {
        lock (_lock)
        {
            return _allocations.Remove(address, out allocation);
        }
    }

    public void Free(DeviceAllocation allocation) => Device.Memory.Free(allocation.Address);

    /// <summary>Makes the context the owner of a module. False if it is closing.</summary>
    public bool Add(DriverModule module)
    {
        lock (_lock)
        {
            return !_closed && _modules.Add(module);
        }
    }

    /// <summary>Ends the ownership. Of several callers only one succeeds.</summary>
    public bool Remove(DriverModule module)
    {
        lock (_lock)
        {
            if (module.Library is { } library)
            {
                _libraryModules.Remove(library);
            }
            return _modules.Remove(module);
        }
    }

    /// <summary>The module of a library in this context, or null if it was not loaded here yet.</summary>
    public DriverModule? Find(DriverLibrary library)
    {
        lock (_lock)
        {
            return _libraryModules.GetValueOrDefault(library);
        }
    }

    /// <summary>Makes the module the library's one here, unless there is one already. Null if the context is closing.</summary>
    public DriverModule? FindOrAdd(DriverLibrary library, DriverModule module)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return null;
            }
            if (_libraryModules.TryAdd(library, module))
            {
                _modules.Add(module);
            }
            return _libraryModules[library];
        }
    }

    private DriverModule[] TakeModules()
    {
        lock (_lock)
        {
            DriverModule[] modules = [.. _modules];
            _modules.Clear();
            _libraryModules.Clear();
            return modules;
        }
    }

    private void FreeAll()
    {
        lock (_lock)
        {
            foreach (DeviceAllocation allocation in _allocations.Values)
            {
                Free(allocation);
            }
            _allocations.Clear();
            FreeArrays();
        }
    }
}
