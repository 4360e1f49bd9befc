namespace CudaRpc.Simulator.Objects;

/// <summary>
/// Another driver's allocation, shown to a context of this one at an address of its own. The bytes live until both have let go of them.
/// </summary>
internal sealed class ImportedMemory(DriverContext context, SimulatedDevice device) : IMemoryOwner
{
    public SimulatedDriver Driver => Context.Driver;

    public SimulatedDevice Device { get; } = device;

    public DriverContext Context { get; } = context;

    /// <summary>Opening it enables access from other devices.</summary>
    public MemoryAccess AccessFrom(DriverContext other) => other.Driver == Driver ? MemoryAccess.ReadWrite : MemoryAccess.None;

    /// <summary>It is closed, not freed.</summary>
    public bool TryGetAllocation(ulong address, out DeviceAllocation allocation)
    {
        allocation = default;
        return false;
    }

    public bool Disown(ulong address, out DeviceAllocation allocation) => TryGetAllocation(address, out allocation);

    public void Free(DeviceAllocation allocation)
    {
    }
}
