using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Objects;

/// <summary>The memory of this process that one driver's devices reach, by address. Safe from any thread.</summary>
internal sealed class HostRanges
{
    private readonly object _lock = new();
    private readonly SortedList<ulong, HostRange> _ranges = [];

    /// <summary>Adds a range; false if it overlaps one that is there.</summary>
    public bool Add(HostRange range)
    {
        lock (_lock)
        {
            int after = IndexAfter(range.Start);
            bool free = (after == 0 || range.Start - _ranges.GetValueAtIndex(after - 1).Start >= _ranges.GetValueAtIndex(after - 1).Size)
                && (after == _ranges.Count || _ranges.GetValueAtIndex(after).Start - range.Start >= range.Size);
            return free && _ranges.TryAdd(range.Start, range);
        }
    }

    /// <summary>Takes out the range that starts at the address and is of the kind.</summary>
    public bool Remove(ulong start, HostRangeKind kind, [NotNullWhen(true)] out HostRange? range)
    {
        lock (_lock)
        {
            return _ranges.TryGetValue(start, out range) && range.Kind == kind && _ranges.Remove(start);
        }
    }

    /// <summary>The range that contains the address.</summary>
    public bool TryFind(ulong address, [NotNullWhen(true)] out HostRange? range)
    {
        lock (_lock)
        {
            int after = IndexAfter(address);
            range = after == 0 ? null : _ranges.GetValueAtIndex(after - 1);
            return range is not null && address - range.Start < range.Size;
        }
    }

    /// <summary>Whether all of the bytes are in one range.</summary>
    public bool Contains(ulong address, ulong bytes) =>
        TryFind(address, out HostRange? range) && bytes <= range.Size - (address - range.Start);

    /// <summary>Takes out the ranges of a context, or all with null.</summary>
    public HostRange[] TakeAll(DriverContext? context)
    {
        lock (_lock)
        {
            HostRange[] taken = [.. _ranges.Values.Where(range => context is null || range.Context == context)];
            foreach (HostRange range in taken)
            {
                _ranges.Remove(range.Start);
            }
            return taken;
        }
    }

    // Index of the first range that starts above the address.
    private int IndexAfter(ulong address)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges.GetKeyAtIndex(middle) <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
