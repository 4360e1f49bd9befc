namespace CudaRpc.Simulator.Objects;

/// <summary>Whom device memory belongs to: a context, a memory pool, or a mapping.</summary>
internal interface IMemoryOwner
{
    SimulatedDriver Driver { get; }

    /// <summary>Where the memory is.</summary>
    SimulatedDevice Device { get; }

    /// <summary>The context that the memory dies with, or null if it belongs to none.</summary>
    DriverContext? Context { get; }

    /// <summary>What work of a context may do with the memory.</summary>
    MemoryAccess AccessFrom(DriverContext context);

    /// <summary>The allocation that begins at the address, if it is one that the program can free.</summary>
    bool TryGetAllocation(ulong address, out DeviceAllocation allocation);

    /// <summary>
    /// Takes an allocation out of the owner's books; its memory stays until the caller frees it with <see cref="Free"/>. Of several
    /// callers only one succeeds, so nothing is freed twice.
    /// </summary>
    bool Disown(ulong address, out DeviceAllocation allocation);

    /// <summary>Frees what <see cref="Disown"/> gave.</summary>
    void Free(DeviceAllocation allocation);
}
