using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>
/// Addresses that one session reserved, and what it mapped there: it maps, unmaps and shares nothing that is not its own, and its end gives
/// back what is left, also where other sessions go on using the same driver. Any thread.
/// </summary>
internal sealed class SessionMappings(CudaDriver driver, int limit)
{
    private readonly Lock _lock = new();
    private readonly SortedList<ulong, ulong> _reserved = [];
    private readonly SortedList<ulong, ulong> _mapped = [];

    /// <summary>Whether one more reservation or mapping is within the session's limit.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_lock)
            {
                return _reserved.Count + _mapped.Count < limit;
            }
        }
    }

    public void Reserve(ulong address, ulong bytes)
    {
        lock (_lock)
        {
            _reserved[address] = bytes;
        }
    }

    /// <summary>Whether a range is in one that the session reserved.</summary>
    public bool IsReserved(ulong address, ulong bytes)
    {
        lock (_lock)
        {
            int index = LastAtOrBelow(_reserved, address);
            if (index < 0)
            {
                return false;
            }

            ulong offset = address - _reserved.GetKeyAtIndex(index);
            ulong size = _reserved.GetValueAtIndex(index);
            return offset < size && bytes <= size - offset;
        }
    }

    /// <summary>Takes out a reservation; false unless it is exactly this one.</summary>
    public bool Free(ulong address, ulong bytes)
    {
        lock (_lock)
        {
            return _reserved.TryGetValue(address, out ulong reserved) && reserved == bytes && _reserved.Remove(address);
        }
    }

    public void Map(ulong address, ulong bytes)
    {
        lock (_lock)
        {
            _mapped[address] = bytes;
        }
    }

    /// <summary>Takes out the mappings that begin in a range.</summary>
    public void Unmap(ulong address, ulong bytes)
    {
        lock (_lock)
        {
            for (int index = _mapped.Count - 1; index >= 0; index--)
            {
                if (_mapped.GetKeyAtIndex(index) - address < bytes)
                {
                    _mapped.RemoveAt(index);
                }
            }
        }
    }

    /// <summary>Unmaps and frees everything.</summary>
    public void Reclaim()
    {
        lock (_lock)
        {
            foreach ((ulong address, ulong bytes) in _mapped)
            {
                driver.cuMemUnmap(new CUdeviceptr(address), (nuint)bytes);
            }

            foreach ((ulong address, ulong bytes) in _reserved)
            {
                driver.cuMemAddressFree(new CUdeviceptr(address), (nuint)bytes);
            }

            _mapped.Clear();
            _reserved.Clear();
        }
    }

    private static int LastAtOrBelow(SortedList<ulong, ulong> list, ulong address)
    {
        int low = 0;
        int high = list.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (list.GetKeyAtIndex(middle) <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high;
    }
}
