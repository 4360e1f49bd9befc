namespace CudaRpc.Simulator.Memory;

/// <summary>One live range of simulated device addresses. Owned by its <see cref="AddressSpace"/>.</summary>
public sealed unsafe class Allocation
{
    private bool _live = true;
    private bool _isSynchronous;

    internal Allocation(ulong address, ulong size, byte* host, object owner, MemoryBlock? block = null)
    {
        Base = address;
        Size = size;
        Host = host;
        Owner = owner;
        Block = block;
    }

    /// <summary>First device address.</summary>
    public ulong Base { get; }

    /// <summary>Bytes asked for; the bytes after them belong to nobody.</summary>
    public ulong Size { get; }

    /// <summary>Whoever the allocation was made for; compared by reference only.</summary>
    public object Owner { get; }

    /// <summary>Whether calls that are not asynchronous by name wait for what they do to it (CU_POINTER_ATTRIBUTE_SYNC_MEMOPS).</summary>
    internal bool IsSynchronous
    {
        get => Volatile.Read(ref _isSynchronous);
        set => Volatile.Write(ref _isSynchronous, value);
    }

    /// <summary>False once freed.</summary>
    public bool IsLive => Volatile.Read(ref _live);

    /// <summary>Where the bytes are in this process.</summary>
    internal byte* Host { get; }

    /// <summary>The native memory, where it is released with the last allocation that shows it.</summary>
    internal MemoryBlock? Block { get; }

    // Pairs with IsLive: a reader that still holds an older table sees the death of the entry.
    internal void MarkFreed() => Volatile.Write(ref _live, false);
}
