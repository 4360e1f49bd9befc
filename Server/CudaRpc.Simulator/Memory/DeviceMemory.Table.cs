namespace CudaRpc.Simulator.Memory;

// The table of allocations and the room between them. All under the lock.
public sealed unsafe partial class DeviceMemory
{
    // Next fit: addresses are handed out upwards and come round again only after the whole span was used once.
    private ulong FindRoom(ulong slot)
    {
        ulong start = FirstRoom(_next, slot);
        if (start == 0 && _next != _first)
        {
            Compact();
            start = FirstRoom(_first, slot);
        }

        return start;
    }

    private ulong FirstRoom(ulong from, ulong slot)
    {
        int after = _table.LastAtOrBelow(from) + 1;
        ulong start = after == 0 ? from : Math.Max(from, End(_table.Entries[after - 1]));
        for (; start < _end && slot <= _end - start; after++)
        {
            ulong limit = after < _table.Count ? _table.Entries[after].Base : _end;
            if (slot <= limit - start)
            {
                return start;
            }

            start = End(_table.Entries[after]);
        }

        return 0;
    }

    private static ulong End(Allocation allocation) => allocation.Base + Slot(allocation.Size) + Gap;

    private void Insert(Allocation allocation)
    {
        AllocationTable table = _table;
        int index = table.LastAtOrBelow(allocation.Base) + 1;
        if (index == table.Count && index < table.Entries.Length)
        {
            // Older tables share this array and do not look beyond their own count.
            table.Entries[index] = allocation;
            Volatile.Write(ref _table, new AllocationTable(table.Entries, table.Count + 1));
            return;
        }

        var entries = new Allocation[Math.Max(16, table.Count * 2)];
        Array.Copy(table.Entries, entries, index);
        entries[index] = allocation;
        Array.Copy(table.Entries, index, entries, index + 1, table.Count - index);
        Volatile.Write(ref _table, new AllocationTable(entries, table.Count + 1));
    }

    private void Compact()
    {
        var entries = new Allocation[Math.Max(16, _table.Count)];
        int count = 0;
        for (int i = 0; i < _table.Count; i++)
        {
            if (_table.Entries[i].IsLive)
            {
                entries[count++] = _table.Entries[i];
            }
        }

        _freed = 0;
        Volatile.Write(ref _table, new AllocationTable(entries, count));
    }
}
