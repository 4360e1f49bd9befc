using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// Memory that a graph allocates: its address is the same at every launch. It is the program's from the launch that allocates it until it is
/// freed, by a node or by any other way to free memory; its bytes stay reserved as long as a graph or an instance of one has it.
/// </summary>
internal sealed class GraphMemory(SimulatedDriver driver, SimulatedDevice device, DriverContext context, ulong bytes) : IMemoryOwner
{
    private readonly object _lock = new();
    private int _holders;
    private bool _isLive;

    public SimulatedDriver Driver => driver;

    public SimulatedDevice Device => device;

    public DriverContext? Context => null;

    public ulong Address { get; private set; }

    public ulong Bytes => bytes;

    /// <summary>Whether it is allocated now.</summary>
    public bool IsLive
    {
        get
        {
            lock (_lock)
            {
                return _isLive;
            }
        }
    }

    /// <summary>Reserves the memory. False if there is not so much.</summary>
    public bool TryReserve()
    {
        Address = device.Memory.Allocate(bytes, this);
        if (Address == 0)
        {
            return false;
        }
        driver.Track(this);
        return true;
    }

    public MemoryAccess AccessFrom(DriverContext other) =>
        other.Driver == driver && (other.Device == device || other.HasPeer(context)) ? MemoryAccess.ReadWrite : MemoryAccess.None;

    public bool TryGetAllocation(ulong address, out DeviceAllocation allocation)
    {
        allocation = new DeviceAllocation(Address, bytes, 0, Pool: null);
        return address == Address && IsLive;
    }

    public bool Disown(ulong address, out DeviceAllocation allocation)
    {
        lock (_lock)
        {
            allocation = new DeviceAllocation(Address, bytes, 0, Pool: null);
            bool was = _isLive && address == Address;
            _isLive &= !was;
            return was;
        }
    }

    public void Free(DeviceAllocation allocation)
    {
        // The bytes stay the graph's, for its next launch.
    }

    /// <summary>A launch allocates it. False if it is allocated already.</summary>
    public bool TryAllocate()
    {
        lock (_lock)
        {
            bool was = _isLive;
            _isLive = true;
            return !was;
        }
    }

    public void Hold()
    {
        lock (_lock)
        {
            _holders++;
        }
    }

    /// <summary>One holder less; with the last the bytes go back.</summary>
    public void LetGo()
    {
        lock (_lock)
        {
            if (--_holders > 0)
            {
                return;
            }
            _isLive = false;
        }
        End();
    }

    /// <summary>Gives the bytes back, whoever holds them.</summary>
    public void End()
    {
        if (driver.Untrack(this))
        {
            device.Memory.Free(Address);
        }
    }
}
