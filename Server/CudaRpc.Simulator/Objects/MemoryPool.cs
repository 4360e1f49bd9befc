namespace CudaRpc.Simulator.Objects;

/// <summary>
/// The default memory pool of a device in one driver. It only counts: memory goes back to the device when it is freed in its stream, which
/// is what a release threshold of 0 promises. Safe from any thread.
/// </summary>
internal sealed class MemoryPool(SimulatedDevice device)
{
    private readonly object _lock = new();
    private readonly int[] _reuse = [1, 1, 1];
    private ulong _used;
    private ulong _usedHigh;

    public SimulatedDevice Device { get; } = device;

    public nint Handle { get; set; }

    public ulong ReleaseThreshold { get; set; }

    public ulong Used
    {
        get
        {
            lock (_lock)
            {
                return _used;
            }
        }
    }

    public ulong UsedHigh
    {
        get
        {
            lock (_lock)
            {
                return _usedHigh;
            }
        }
    }

    public void Add(ulong bytes)
    {
        lock (_lock)
        {
            _used += bytes;
            _usedHigh = Math.Max(_usedHigh, _used);
        }
    }

    public void Remove(ulong bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
        }
    }

    /// <summary>Starts the high-water mark anew from what is used now.</summary>
    public void ResetHigh()
    {
        lock (_lock)
        {
            _usedHigh = _used;
        }
    }

    public int GetReuse(CUmemPool_attribute attribute) => _reuse[IndexOf(attribute)];

    public void SetReuse(CUmemPool_attribute attribute, int value) => _reuse[IndexOf(attribute)] = value == 0 ? 0 : 1;

    private static int IndexOf(CUmemPool_attribute attribute) =>
        (int)(attribute - CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES);
}
