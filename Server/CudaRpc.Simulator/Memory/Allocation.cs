namespace CudaRpc.Simulator.Memory;

/// <summary>One live block of simulated device memory. Owned by its <see cref="DeviceMemory"/>.</summary>
public sealed unsafe class Allocation
{
    private bool _live = true;

    internal Allocation(ulong address, ulong size, byte* host, object owner)
    {
        Base = address;
        Size = size;
        Host = host;
        Owner = owner;
    }

    /// <summary>First device address.</summary>
    public ulong Base { get; }

    /// <summary>Bytes asked for; the bytes after them belong to nobody.</summary>
    public ulong Size { get; }

    /// <summary>Whoever the allocation was made for; compared by reference only.</summary>
    public object Owner { get; }

    /// <summary>False once freed.</summary>
    public bool IsLive => Volatile.Read(ref _live);

    /// <summary>Where the bytes are in this process.</summary>
    internal byte* Host { get; }

    // Pairs with IsLive: a reader that still holds an older table sees the death of the entry.
    internal void MarkFreed() => Volatile.Write(ref _live, false);
}
