using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Memory;

/// <summary>
/// The address space of one simulated device. Addresses are numbers of their own, apart from host pointers, so that an address that
/// leaks into host code faults; each resolves to native memory of this process. All members are safe to call from any thread.
/// </summary>
/// <remarks>
/// Freeing is immediate for lookups; the native bytes go back once no <see cref="Pin"/> is held, so a program that frees memory under
/// a running kernel gets an illegal address or stale bytes, never a crash of the server.
/// </remarks>
public sealed unsafe class DeviceMemory : IDisposable
{
    /// <summary>Every allocation starts at a multiple of this many bytes.</summary>
    public const ulong Alignment = 512;

    /// <summary>
    /// Address of the first allocation unless the constructor is told otherwise. Linux puts neither programs (0x55..), heaps nor
    /// mappings (0x7e.., 0x7f..) there: a client can tell device addresses from its own pointers.
    /// </summary>
    public const ulong DefaultFirstAddress = 0x2000_0000_0000;

    /// <summary>
    /// Addresses that one device may hand out before it starts over: 4 TiB. Devices of one process are to be that far apart.
    /// </summary>
    public const ulong AddressSpan = 1UL << 42;

    // Bytes nobody owns behind each allocation: a kernel that runs past the end faults instead of writing to its neighbour.
    private const ulong Gap = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly ulong _first;
    private readonly ulong _end;
    private readonly Stack<Allocation> _unreleased = new();
    private AllocationTable _table = new(new Allocation[16], 0);
    private ulong _next;
    private ulong _used;
    private int _freed;
    private int _pins;
    private bool _disposed;

    /// <param name="capacityBytes">Bytes that live allocations may hold together.</param>
    /// <param name="firstAddress">
    /// Start of the address range; give each device of a process its own, <see cref="AddressSpan"/> apart.
    /// </param>
    public DeviceMemory(ulong capacityBytes, ulong firstAddress = DefaultFirstAddress)
        : this(capacityBytes, firstAddress, AddressSpan)
    {
    }

    internal DeviceMemory(ulong capacityBytes, ulong firstAddress, ulong span)
    {
        Capacity = capacityBytes;
        _first = firstAddress;
        _next = firstAddress;
        _end = firstAddress + span;
    }

    /// <summary>Bytes that live allocations may hold together.</summary>
    public ulong Capacity { get; }

    /// <summary>Bytes that live allocations hold, rounded up to <see cref="Alignment"/>.</summary>
    public ulong Used => Volatile.Read(ref _used);

    /// <summary>Allocates zeroed memory. Returns its address, or 0 when it does not fit or <paramref name="bytes"/> is 0.</summary>
    public ulong Allocate(ulong bytes, object owner)
    {
        if (bytes == 0 || bytes > Capacity)
        {
            return 0;
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ulong slot = Slot(bytes);
            if (slot > Capacity - _used)
            {
                return 0;
            }

            ulong address = FindRoom(slot + Gap);
            byte* host = address == 0 ? null : Reserve(bytes);
            if (host is null)
            {
                return 0;
            }

            Insert(new Allocation(address, bytes, host, owner));
            _next = address + slot + Gap;
            Volatile.Write(ref _used, _used + slot);
            return address;
        }
    }

    /// <summary>Frees an allocation. False unless <paramref name="address"/> is the base of a live one.</summary>
    public bool Free(ulong address)
    {
        lock (_lock)
        {
            if (!TryFind(address, out Allocation? allocation) || allocation.Base != address)
            {
                return false;
            }

            allocation.MarkFreed();
            _freed++;
            Volatile.Write(ref _used, _used - Slot(allocation.Size));
            _unreleased.Push(allocation);
            if (_freed > 16 && _freed > _table.Count / 2)
            {
                Compact();
            }

            ReleaseFreed();
            return true;
        }
    }

    /// <summary>Finds the live allocation that contains <paramref name="address"/>.</summary>
    public bool TryFind(ulong address, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Allocation? allocation)
    {
        AllocationTable table = Volatile.Read(ref _table); // pairs with the publications under _lock
        int index = table.LastAtOrBelow(address);
        allocation = index < 0 ? null : table.Entries[index];
        if (allocation is not null && allocation.IsLive && address - allocation.Base < allocation.Size)
        {
            return true;
        }

        allocation = null;
        return false;
    }

    /// <summary>
    /// Host pointer to [<paramref name="address"/>, <paramref name="address"/> + <paramref name="bytes"/>) if that range lies in one
    /// live allocation, else null. Use it under a <see cref="Pin"/> where the allocation may be freed meanwhile.
    /// </summary>
    public byte* Resolve(ulong address, ulong bytes)
    {
        if (!TryFind(address, out Allocation? allocation))
        {
            return null;
        }

        ulong offset = address - allocation.Base;
        return bytes <= allocation.Size - offset ? allocation.Host + offset : null;
    }

    /// <summary>Keeps the native bytes of allocations freed meanwhile until the returned value is disposed. Cheap; nests.</summary>
    public MemoryPin Pin()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _pins++;
        }

        return new MemoryPin(this);
    }

    /// <summary>Frees everything. The caller sees to it that nothing runs on this memory any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            AllocationTable table = _table;
            for (int i = 0; i < table.Count; i++)
            {
                Allocation allocation = table.Entries[i];
                if (allocation.IsLive)
                {
                    allocation.MarkFreed();
                    _unreleased.Push(allocation);
                }
            }

            Volatile.Write(ref _table, new AllocationTable([], 0));
            Volatile.Write(ref _used, 0);
            ReleaseFreed();
        }
    }

    internal void Unpin()
    {
        lock (_lock)
        {
            _pins--;
            ReleaseFreed();
        }
    }

    private static ulong Slot(ulong bytes) => (bytes + Alignment - 1) & ~(Alignment - 1);

    // SAFETY: the block is released once, in ReleaseFreed. calloc takes large blocks from mmap: pages appear when touched, as zeros.
    private static byte* Reserve(ulong bytes)
    {
        try
        {
            return (byte*)NativeMemory.AllocZeroed((nuint)Slot(bytes));
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

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

    private void ReleaseFreed()
    {
        if (_pins != 0)
        {
            return;
        }

        while (_unreleased.TryPop(out Allocation? allocation))
        {
            // SAFETY: no pin is held and the table has no live entry for it, so nobody can reach the bytes any more.
            NativeMemory.Free(allocation.Host);
        }
    }
}
