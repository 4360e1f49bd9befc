namespace CudaRpc.Server;

/// <summary>
/// Something of one session that others may open: a piece of device memory, an event, physical memory, a memory pool. Guarded by its own lock.
/// </summary>
internal sealed class SharedObject(ServerSession owner, SharedKind kind, ulong value, ulong bytes)
{
    public ServerSession Owner { get; } = owner;

    public SharedKind Kind { get; } = kind;

    /// <summary>The driver's value: an address or a handle.</summary>
    public ulong Value { get; } = value;

    public ulong Bytes { get; } = bytes;

    /// <summary>The simulated memory behind a handle, which may outlive it.</summary>
    public Simulator.Objects.PhysicalAllocation? Physical { get; init; }

    /// <summary>Of a memory pool: the device its memory is on.</summary>
    public int Device { get; init; }

    /// <summary>Of memory of a pool: the driver's value of that.</summary>
    public nint Pool { get; init; }

    /// <summary>Sessions that have it open under the owner's address or handle.</summary>
    public int Imports { get; set; }

    /// <summary>Whether nobody may open it any more.</summary>
    public bool IsWithdrawn { get; set; }

    /// <summary>Whether the last to close it frees it, because its owner has freed it meanwhile.</summary>
    public bool IsFreedLast { get; set; }

    /// <summary>A session has closed it. True if that was the last and its owner has freed it: then the caller has to.</summary>
    public bool Leave()
    {
        lock (this)
        {
            return --Imports == 0 && IsFreedLast;
        }
    }
}

/// <summary>What a shared object is.</summary>
internal enum SharedKind : byte
{
    Memory = 1,
    Event = 2,
    Allocation = 3,
    Pool = 4,
    PoolMemory = 5,
}
