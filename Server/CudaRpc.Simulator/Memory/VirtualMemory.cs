using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Memory;

/// <summary>
/// Addresses that programs reserve, and the physical memory that they map there. What lies side by side in a reserved range lies side by side
/// in this process as well, so a range over several mappings is one piece. Safe from any thread.
/// </summary>
/// <remarks>
/// Where nothing is mapped a range is backed by memory of nobody's: a kernel that was given a pointer before it was unmapped reads zeros and
/// writes into nothing, and the process is not harmed. A range itself goes when no <see cref="AddressSpace.Pin"/> is held.
/// </remarks>
internal sealed unsafe class VirtualMemory(PhysicalMemory physical) : AddressSpace, IDisposable
{
    /// <summary>Below the devices' own memory, above the windows of shared and local memory; nothing of Linux is there.</summary>
    public const ulong FirstAddress = 0x1000_0000_0000;

    /// <summary>Addresses that can be reserved: 16 TiB.</summary>
    public const ulong AddressCount = 1UL << 44;

    private readonly Lock _lock = new();
    private readonly SortedList<ulong, VirtualRange> _ranges = [];
    private readonly Stack<VirtualRange> _unreleased = new();
    private AllocationTable _table = new([], 0);
    private ulong _next = FirstAddress;
    private int _pins;

    /// <summary>Reserves addresses, at <paramref name="wanted"/> if that is free. Null where there is no room.</summary>
    /// <param name="size">Bytes, a multiple of a page.</param>
    /// <param name="alignment">Of the first address, a power of two.</param>
    /// <param name="wanted">A multiple of a page; 0 for anywhere.</param>
    /// <param name="owner">Whose it is.</param>
    public VirtualRange? Reserve(ulong size, ulong alignment, ulong wanted, object owner)
    {
        lock (_lock)
        {
            bool granted = wanted % alignment == 0 && wanted - FirstAddress < AddressCount && FirstFree(wanted, alignment, size) == wanted;
            ulong start = granted ? wanted : FirstFree(_next, alignment, size);
            start = start == 0 ? FirstFree(FirstAddress, alignment, size) : start;
            // SAFETY: no access before a mapping; unmapped in ReleaseFreed. Not reserved means that it costs nothing until it is written.
            void* host = start == 0 ? Libc.MapFailed : Libc.Map(
                null, (nuint)size, Libc.ProtectionReadWrite, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);
            if (host == Libc.MapFailed)
            {
                return null;
            }

            var range = new VirtualRange(start, size, (byte*)host, owner);
            _ranges.Add(start, range);
            _next = granted ? _next : start + size;
            return range;
        }
    }

    /// <summary>Ends a reservation. False unless exactly it is named and nothing is mapped in it.</summary>
    public bool Free(ulong address, ulong size, object owner)
    {
        lock (_lock)
        {
            if (!_ranges.TryGetValue(address, out VirtualRange? range) || range.Owner != owner || range.Size != size || range.Mappings > 0)
            {
                return false;
            }

            _ranges.Remove(address);
            _unreleased.Push(range);
            ReleaseFreed();
            return true;
        }
    }

    /// <summary>The reserved range that contains the address.</summary>
    public bool TryFindRange(ulong address, [NotNullWhen(true)] out VirtualRange? range)
    {
        lock (_lock)
        {
            int index = LastAtOrBelow(address);
            range = index < 0 ? null : _ranges.GetValueAtIndex(index);
            return range is not null && range.Contains(address, 1);
        }
    }

    /// <summary>Maps physical memory. False where part of the range is mapped already, or the system does not have it.</summary>
    public bool Map(VirtualRange range, ulong address, ulong size, long place, object owner)
    {
        lock (_lock)
        {
            int after = _table.LastAtOrBelow(address) + 1;
            bool isFree = (after == 0 || End(_table.Entries[after - 1]) <= address)
                && (after == _table.Count || _table.Entries[after].Base - address >= size);
            if (!isFree || _ranges.GetValueOrDefault(range.Base) != range)
            {
                return false;
            }

            // SAFETY: inside the range's own pages, which nobody else maps or unmaps.
            byte* host = range.Host + (address - range.Base);
            if (Libc.Map(host, (nuint)size, Libc.ProtectionReadWrite, Libc.MapShared | Libc.MapFixed, physical.File, place) == Libc.MapFailed)
            {
                return false;
            }

            range.Mappings++;
            Allocation[] entries = [.. _table.Entries[..after], new Allocation(address, size, host, owner), .. _table.Entries[after.._table.Count]];
            Volatile.Write(ref _table, new AllocationTable(entries, entries.Length)); // Pairs with TryFind.
            return true;
        }
    }

    /// <summary>
    /// Ends the mappings that fill a range, and returns their owners. Null, and nothing done, where they do not: where part of it is not mapped,
    /// or a mapping reaches out of it.
    /// </summary>
    public object[]? Unmap(ulong address, ulong size)
    {
        lock (_lock)
        {
            if (Filling(address, size) is not { } found)
            {
                return null;
            }

            (int first, int count) = found;
            Allocation[] ended = _table.Entries[first..(first + count)];
            Allocation[] entries = [.. _table.Entries[..first], .. _table.Entries[(first + count).._table.Count]];
            Volatile.Write(ref _table, new AllocationTable(entries, entries.Length)); // Pairs with TryFind.
            foreach (Allocation allocation in ended)
            {
                allocation.MarkFreed();
                Cover(allocation);
                _ranges.GetValueAtIndex(LastAtOrBelow(allocation.Base)).Mappings--;
            }

            return [.. ended.Select(static allocation => allocation.Owner)];
        }
    }

    /// <summary>The owners of the mappings that fill a range, or null where they do not.</summary>
    public object[]? OwnersIn(ulong address, ulong size)
    {
        lock (_lock)
        {
            return Filling(address, size) is { } found
                ? [.. _table.Entries.Skip(found.First).Take(found.Count).Select(static allocation => allocation.Owner)]
                : null;
        }
    }

    /// <summary>All reservations of an owner.</summary>
    public VirtualRange[] RangesOf(object owner)
    {
        lock (_lock)
        {
            return [.. _ranges.Values.Where(range => range.Owner == owner)];
        }
    }

    /// <summary>Mappings in a range, by address.</summary>
    public (ulong Address, ulong Size)[] MappingsIn(VirtualRange range)
    {
        lock (_lock)
        {
            return [.. _table.Entries.Take(_table.Count)
                .Where(allocation => range.Contains(allocation.Base, 1)).Select(static allocation => (allocation.Base, allocation.Size))];
        }
    }

    public override bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation)
    {
        AllocationTable table = Volatile.Read(ref _table); // Pairs with the publications in Map and Unmap.
        int index = table.LastAtOrBelow(address);
        allocation = index < 0 ? null : table.Entries[index];
        if (allocation is not null && allocation.IsLive && address - allocation.Base < allocation.Size)
        {
            return true;
        }

        allocation = null;
        return false;
    }

    /// <summary>Over the mappings of one reserved range.</summary>
    public override byte* Resolve(ulong address, ulong bytes)
    {
        AllocationTable table = Volatile.Read(ref _table); // Pairs with the publications in Map and Unmap.
        int index = table.LastAtOrBelow(address);
        if (index < 0 || !table.Entries[index].IsLive || address >= End(table.Entries[index]))
        {
            return null;
        }

        Allocation first = table.Entries[index];
        byte* host = first.Host + (address - first.Base);
        for (ulong reached = End(first) - address; reached < bytes; reached += table.Entries[index].Size)
        {
            // Neighbours here and there are of one range: ranges have pages of nobody's between them.
            if (++index == table.Count || !table.Entries[index].IsLive || table.Entries[index].Base != address + reached
                || table.Entries[index].Host != host + reached)
            {
                return null;
            }
        }

        return host;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (VirtualRange range in _ranges.Values)
            {
                _unreleased.Push(range);
            }

            _ranges.Clear();
            Volatile.Write(ref _table, new AllocationTable([], 0));
            ReleaseFreed();
        }
    }

    internal override void Hold()
    {
        lock (_lock)
        {
            _pins++;
        }
    }

    internal override void Unpin()
    {
        lock (_lock)
        {
            _pins--;
            ReleaseFreed();
        }
    }

    private static ulong End(Allocation allocation) => allocation.Base + allocation.Size;

    private (int First, int Count)? Filling(ulong address, ulong size)
    {
        int first = _table.LastAtOrBelow(address);
        if (first < 0 || _table.Entries[first].Base != address)
        {
            return null;
        }

        ulong reached = 0;
        int index = first;
        for (; reached < size && index < _table.Count && _table.Entries[index].Base == address + reached; index++)
        {
            reached += _table.Entries[index].Size;
        }

        return reached == size ? (first, index - first) : null;
    }

    // SAFETY: replaces pages of the range's own; the kernel does so at once for whoever accesses them meanwhile.
    private static void Cover(Allocation allocation) => Libc.Map(
        allocation.Host,
        (nuint)allocation.Size,
        Libc.ProtectionReadWrite,
        Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve | Libc.MapFixed,
        -1,
        0);

    // The first free place from an address on; 0 for none. A page stays free behind every range.
    private ulong FirstFree(ulong from, ulong alignment, ulong size)
    {
        const ulong Page = 4096;
        ulong start = Align(from, alignment);
        for (int index = LastAtOrBelow(start); ; index++)
        {
            if (index >= 0)
            {
                VirtualRange before = _ranges.GetValueAtIndex(index);
                start = Math.Max(start, Align(before.Base + before.Size + Page, alignment));
            }

            ulong limit = index + 1 < _ranges.Count ? _ranges.GetValueAtIndex(index + 1).Base : FirstAddress + AddressCount;
            if (start < limit && size + Page <= limit - start)
            {
                return start;
            }

            if (index + 1 >= _ranges.Count)
            {
                return 0;
            }
        }
    }

    private static ulong Align(ulong address, ulong alignment) => (address + alignment - 1) & ~(alignment - 1);

    // Index of the last range that does not start above the address, or -1.
    private int LastAtOrBelow(ulong address)
    {
        int low = 0, high = _ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_ranges.GetKeyAtIndex(middle) <= address)
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

    private void ReleaseFreed()
    {
        while (_pins == 0 && _unreleased.TryPop(out VirtualRange? range))
        {
            // SAFETY: nothing is mapped there and no pin is held, so nobody has a pointer into it.
            _ = Libc.Unmap(range.Host, (nuint)range.Size);
        }
    }
}
