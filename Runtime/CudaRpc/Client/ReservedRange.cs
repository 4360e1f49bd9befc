namespace CudaRpc.Client;

/// <summary>Addresses that the program has reserved, and what is mapped there. Any thread.</summary>
internal sealed class ReservedRange(ulong start, ulong bytes)
{
    private readonly Lock _lock = new();
    private readonly SortedList<ulong, MappedRange> _mappings = [];

    public ulong Base { get; } = start;

    public ulong Bytes { get; } = bytes;

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _mappings.Count == 0;
            }
        }
    }

    /// <summary>Whether all of the bytes are in the range.</summary>
    public bool Contains(ulong address, ulong count) => address - Base < Bytes && count <= Bytes - (address - Base);

    /// <summary>False where part of the place is taken.</summary>
    public bool TryMap(MappedRange mapping)
    {
        lock (_lock)
        {
            int before = LastAtOrBelow(mapping.Base);
            bool isFree = (before < 0 || mapping.Base - _mappings.GetValueAtIndex(before).Base >= _mappings.GetValueAtIndex(before).Bytes)
                && (before + 1 == _mappings.Count || _mappings.GetKeyAtIndex(before + 1) - mapping.Base >= mapping.Bytes);
            return isFree && _mappings.TryAdd(mapping.Base, mapping);
        }
    }

    /// <summary>Takes out one mapping.</summary>
    public void Remove(MappedRange mapping)
    {
        lock (_lock)
        {
            if (_mappings.GetValueOrDefault(mapping.Base) == mapping)
            {
                _mappings.Remove(mapping.Base);
            }
        }
    }

    /// <summary>The mappings that fill a place from end to end, or null where they do not.</summary>
    public MappedRange[]? Filling(ulong address, ulong count)
    {
        lock (_lock)
        {
            int first = _mappings.IndexOfKey(address);
            ulong reached = 0;
            int index = first;
            for (; index >= 0 && index < _mappings.Count && reached < count && _mappings.GetKeyAtIndex(index) == address + reached; index++)
            {
                reached += _mappings.GetValueAtIndex(index).Bytes;
            }

            return count > 0 && reached == count ? [.. Enumerable.Range(first, index - first).Select(_mappings.GetValueAtIndex)] : null;
        }
    }

    /// <summary>The mapping that contains the address, or null.</summary>
    public MappedRange? Find(ulong address)
    {
        lock (_lock)
        {
            int index = LastAtOrBelow(address);
            return index >= 0 && _mappings.GetValueAtIndex(index) is var found && address - found.Base < found.Bytes ? found : null;
        }
    }

    private int LastAtOrBelow(ulong address)
    {
        int low = 0;
        int high = _mappings.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_mappings.GetKeyAtIndex(middle) <= address)
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
