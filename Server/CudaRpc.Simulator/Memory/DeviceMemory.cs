using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Memory;

/// <summary>
/// The address space of one simulated device. Addresses are numbers of their own, apart from host pointers, so that an address that
/// leaks into host code faults; each resolves to native memory of this process. All members are safe to call from any thread.
/// </summary>
/// <remarks>
/// Freeing is immediate for lookups; the native bytes go back once no <see cref="AddressSpace.Pin"/> is held, so a program that frees memory under
/// a running kernel gets an illegal address or stale bytes, never a crash of the server.
/// </remarks>
public sealed unsafe partial class DeviceMemory : AddressSpace, IDisposable
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
    private readonly Stack<MemoryBlock> _unreleased = new();
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

    /// <summary>Bytes that live allocations hold, rounded up to <see cref="Alignment"/>, and bytes taken by <see cref="TryTake"/>.</summary>
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

            Insert(new Allocation(address, bytes, host, owner, new MemoryBlock(host, slot)));
            _next = address + slot + Gap;
            Volatile.Write(ref _used, _used + slot);
            return address;
        }
    }

    /// <summary>
    /// A second address for the memory of a live allocation: the bytes are shared, and stay until both are freed. 0 if there is no such
    /// allocation, or no room.
    /// </summary>
    /// <param name="address">Base of the allocation.</param>
    /// <param name="owner">Owner of the new one.</param>
    public ulong Share(ulong address, object owner)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!TryFind(address, out Allocation? shared) || shared.Base != address)
            {
                return 0;
            }

            ulong slot = Slot(shared.Size);
            ulong alias = FindRoom(slot + Gap);
            if (alias != 0)
            {
                shared.Block!.References++;
                Insert(new Allocation(alias, shared.Size, shared.Host, owner, shared.Block));
                _next = alias + slot + Gap;
            }

            return alias;
        }
    }

    /// <summary>Takes capacity for memory that is kept elsewhere. False if there is not as much.</summary>
    internal bool TryTake(ulong bytes)
    {
        lock (_lock)
        {
            if (bytes > Capacity - _used)
            {
                return false;
            }

            Volatile.Write(ref _used, _used + bytes);
            return true;
        }
    }

    /// <summary>Gives back what <see cref="TryTake"/> took.</summary>
    internal void GiveBack(ulong bytes)
    {
        lock (_lock)
        {
            Volatile.Write(ref _used, _used - bytes);
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
            Drop(allocation.Block!);
            if (_freed > 16 && _freed > _table.Count / 2)
            {
                Compact();
            }

            ReleaseFreed();
            return true;
        }
    }

    /// <inheritdoc/>
    public override bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation)
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
                    Drop(allocation.Block!);
                }
            }

            Volatile.Write(ref _table, new AllocationTable([], 0));
            Volatile.Write(ref _used, 0);
            ReleaseFreed();
        }
    }

    internal override void Hold()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
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

    private void Drop(MemoryBlock block)
    {
        if (--block.References == 0)
        {
            Volatile.Write(ref _used, _used - block.Bytes);
            _unreleased.Push(block);
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

    private void ReleaseFreed()
    {
        if (_pins != 0)
        {
            return;
        }

        while (_unreleased.TryPop(out MemoryBlock? block))
        {
            // SAFETY: no pin is held and the table has no live entry for it, so nobody can reach the bytes any more.
            NativeMemory.Free(block.Host);
        }
    }
}
