using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// A memory pool of one driver. What is freed in it is no longer there for any access, but counts as used by the device until it is trimmed:
/// at a synchronisation down to the release threshold, by <c>cuMemPoolTrimTo</c>, or where memory is short. Safe from any thread.
/// </summary>
internal sealed class MemoryPool : IMemoryOwner
{
    private readonly object _lock = new();
    private readonly Dictionary<ulong, DeviceAllocation> _allocations = [];
    private readonly int[] _reuse = [1, 1, 1];
    private readonly int[] _access; // MemoryAccess, by device.
    private readonly ulong _limit;
    private ulong _used;
    private ulong _usedHigh;
    private ulong _held; // Freed, and not given back to the device.
    private ulong _reservedHigh;
    private bool _closed;
    private bool _destroyed;

    /// <param name="driver">Whose it is.</param>
    /// <param name="device">Where its memory is.</param>
    /// <param name="devices">Devices that may be given access.</param>
    /// <param name="limit">Bytes it may hold, 0 for no limit.</param>
    public MemoryPool(SimulatedDriver driver, SimulatedDevice device, int devices, ulong limit = 0)
    {
        Driver = driver;
        Device = device;
        _limit = limit;
        _access = new int[devices];
        _access[device.Ordinal] = (int)MemoryAccess.ReadWrite;
    }

    public SimulatedDriver Driver { get; }

    public SimulatedDevice Device { get; }

    public DriverContext? Context => null;

    public nint Handle { get; set; }

    /// <summary>Kinds of handles it may be exported as.</summary>
    public CUmemAllocationHandleType HandleTypes { get; init; }

    /// <summary>The pool it was imported from, perhaps another driver's; null for one that was created. It shows memory and gives none.</summary>
    public MemoryPool? Source { get; init; }

    public ulong ReleaseThreshold { get; set; }

    /// <summary>A counter of the pool, by its attribute.</summary>
    public ulong Read(CUmemPool_attribute counter)
    {
        lock (_lock)
        {
            return counter switch
            {
                CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_CURRENT => _used,
                CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH => _usedHigh,
                CUmemPool_attribute.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT => _used + _held,
                _ => _reservedHigh,
            };
        }
    }

    /// <summary>Starts a high-water mark anew from what is there now.</summary>
    public void ResetHigh(CUmemPool_attribute counter)
    {
        lock (_lock)
        {
            if (counter == CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH)
            {
                _usedHigh = _used;
            }
            else
            {
                _reservedHigh = _used + _held;
            }
        }
    }

    public int GetReuse(CUmemPool_attribute attribute) => _reuse[IndexOf(attribute)];

    public void SetReuse(CUmemPool_attribute attribute, int value) => _reuse[IndexOf(attribute)] = value == 0 ? 0 : 1;

    public MemoryAccess GetAccess(int device) => (MemoryAccess)Volatile.Read(ref _access[device]); // Pairs with SetAccess.

    public void SetAccess(int device, MemoryAccess access) => Volatile.Write(ref _access[device], (int)access);

    public MemoryAccess AccessFrom(DriverContext context) =>
        context.Driver == Driver ? GetAccess(context.Device.Ordinal) : MemoryAccess.None;

    /// <summary>Allocates memory. 0: it does not fit into the device or into the pool's limit, or the driver is closing.</summary>
    public ulong Allocate(ulong bytes)
    {
        lock (_lock)
        {
            ulong slot = Slot(bytes);
            ulong reused = Math.Min(_held, slot);
            if (_closed || bytes > slot || (_limit != 0 && slot - reused > _limit - Math.Min(_limit, _used + _held)))
            {
                return 0;
            }
            Device.Memory.GiveBack(reused);
            _held -= reused;
            ulong address = Device.Memory.Allocate(bytes, this);
            if (address == 0)
            {
                Hold(reused);
                return 0;
            }
            Book(address, bytes, slot);
            return address;
        }
    }

    /// <summary>A second address, of this pool, for an allocation of its source. 0: there is no such one, or no room for addresses.</summary>
    public ulong Import(ulong exported)
    {
        lock (_lock)
        {
            if (_closed || !Device.Memory.TryFind(exported, out Allocation? shared) || shared.Owner != Source || shared.Base != exported)
            {
                return 0;
            }
            ulong address = Device.Memory.Share(exported, this);
            if (address != 0)
            {
                Book(address, shared.Size, Slot(shared.Size));
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

    public void Free(DeviceAllocation allocation)
    {
        lock (_lock)
        {
            ulong slot = Slot(allocation.Size);
            Device.Memory.Free(allocation.Address);
            _used -= slot;
            if (!_destroyed && Source is null)
            {
                Hold(slot);
            }
        }
    }

    /// <summary>Gives freed memory back to the device until no more than <paramref name="keep"/> bytes are left in the pool.</summary>
    public void Trim(ulong keep)
    {
        lock (_lock)
        {
            ulong reserved = _used + _held;
            ulong given = reserved > keep ? Math.Min(_held, reserved - keep) : 0;
            Device.Memory.GiveBack(given);
            _held -= given;
        }
    }

    /// <summary>The program has let go of the pool: what is allocated in it lives on until it is freed.</summary>
    public void Destroy()
    {
        lock (_lock)
        {
            _destroyed = true;
            Trim(0);
        }
    }

    /// <summary>Frees all of it; nothing is allocated any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _destroyed = true;
            foreach (DeviceAllocation allocation in _allocations.Values)
            {
                Free(allocation);
            }
            _allocations.Clear();
            Trim(0);
        }
    }

    private static ulong Slot(ulong bytes) => (bytes + DeviceMemory.Alignment - 1) & ~(DeviceMemory.Alignment - 1);

    private static int IndexOf(CUmemPool_attribute attribute) =>
        (int)(attribute - CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES);

    private void Book(ulong address, ulong bytes, ulong slot)
    {
        _allocations.Add(address, new DeviceAllocation(address, bytes, Driver.NextId(), this));
        _used += slot;
        _usedHigh = Math.Max(_usedHigh, _used);
        _reservedHigh = Math.Max(_reservedHigh, _used + _held);
    }

    // Somebody else may have been faster with what was just freed: then the pool holds less.
    private void Hold(ulong bytes)
    {
        if (Device.Memory.TryTake(bytes))
        {
            _held += bytes;
        }
    }
}
