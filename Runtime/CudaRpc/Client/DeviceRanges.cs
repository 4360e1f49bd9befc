using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>
/// Device memory of a session, sorted by address: decides whether a pointer is the device's or the program's, and whether a
/// free is of a live allocation, without a round trip. Any thread.
/// </summary>
internal sealed class DeviceRanges
{
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);
    private readonly SortedList<ulong, DeviceRange> _ranges = [];

    public void Add(DeviceRange range)
    {
        _lock.EnterWriteLock();
        _ranges[range.Base] = range;
        _lock.ExitWriteLock();
    }

    /// <summary>Takes out the allocation that begins at <paramref name="address"/>; false where none does.</summary>
    public bool Remove(ulong address)
    {
        _lock.EnterWriteLock();
        bool found = _ranges.TryGetValue(address, out DeviceRange range) && range is { Reserved: null, IsImported: false, Owner: 0 } && _ranges.Remove(address);
        _lock.ExitWriteLock();
        return found;
    }

    /// <summary>Notes whether memory is one whose operations are waited for. False if it is none any more.</summary>
    public bool SetSynchronous(ulong address, bool isSynchronous)
    {
        _lock.EnterWriteLock();
        bool found = _ranges.TryGetValue(address, out DeviceRange range);
        if (found)
        {
            _ranges[address] = range with { IsSynchronous = isSynchronous };
        }

        _lock.ExitWriteLock();
        return found;
    }

    /// <summary>Takes out memory of another session.</summary>
    public void RemoveImported(ulong address)
    {
        _lock.EnterWriteLock();
        if (_ranges.TryGetValue(address, out DeviceRange range) && range.IsImported)
        {
            _ranges.Remove(address);
        }

        _lock.ExitWriteLock();
    }

    /// <summary>Takes out reserved addresses; of several callers only one succeeds.</summary>
    public bool RemoveReserved(ReservedRange reserved)
    {
        _lock.EnterWriteLock();
        bool found = _ranges.TryGetValue(reserved.Base, out DeviceRange range) && range.Reserved == reserved && _ranges.Remove(reserved.Base);
        _lock.ExitWriteLock();
        return found;
    }

    /// <summary>Takes out all memory of a context that ends.</summary>
    public void RemoveContext(CUcontext context) => RemoveAll(range => range.Context == context);

    /// <summary>Takes out the variables of a module or library that is unloaded.</summary>
    public void RemoveOwner(nint owner) => RemoveAll(range => range.Owner == owner);

    /// <summary>The allocation that contains <paramref name="address"/>.</summary>
    public bool TryFind(ulong address, out DeviceRange range)
    {
        _lock.EnterReadLock();
        int low = 0;
        int high = _ranges.Count - 1;
        range = default;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            DeviceRange candidate = _ranges.GetValueAtIndex(middle);
            if (address < candidate.Base)
            {
                high = middle - 1;
            }
            else if (address - candidate.Base >= candidate.Bytes)
            {
                low = middle + 1;
            }
            else
            {
                range = candidate;
                break;
            }
        }

        _lock.ExitReadLock();
        return range.Bytes != 0;
    }

    private void RemoveAll(Func<DeviceRange, bool> condition)
    {
        _lock.EnterWriteLock();
        for (int index = _ranges.Count - 1; index >= 0; index--)
        {
            if (condition(_ranges.GetValueAtIndex(index)))
            {
                _ranges.RemoveAt(index);
            }
        }

        _lock.ExitWriteLock();
    }
}

/// <summary>
/// One allocation or variable: first address, size in bytes, the context it ends with (null for memory of a pool), and its number in the
/// session.
/// </summary>
internal readonly record struct DeviceRange(ulong Base, ulong Bytes, CUcontext Context, ulong BufferId)
{
    /// <summary>The device it is on.</summary>
    public int Device { get; init; }

    /// <summary>The module or library whose variable it is, 0 for an allocation.</summary>
    public nint Owner { get; init; }

    /// <summary>The memory pool it is from, 0 for none.</summary>
    public nint Pool { get; init; }

    /// <summary>Whether another session allocated it, so that it is closed and not freed.</summary>
    public bool IsImported { get; init; }

    /// <summary>What CU_POINTER_ATTRIBUTE_SYNC_MEMOPS was set to.</summary>
    public bool IsSynchronous { get; init; }

    /// <summary>What is mapped there, where the addresses were reserved; null for an allocation.</summary>
    public ReservedRange? Reserved { get; init; }
}
