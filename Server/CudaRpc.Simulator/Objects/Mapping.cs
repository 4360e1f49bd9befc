using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Objects;

/// <summary>Physical memory mapped to an address. Nothing can access it until it is told who may.</summary>
internal sealed class Mapping(SimulatedDriver driver, VirtualRange range, PhysicalAllocation physical, int devices) : IMemoryOwner
{
    private readonly int[] _access = new int[devices]; // MemoryAccess, by device.

    public SimulatedDriver Driver { get; } = driver;

    public VirtualRange Range { get; } = range;

    public PhysicalAllocation Physical { get; } = physical;

    public SimulatedDevice Device => Physical.Device;

    public DriverContext? Context => null;

    /// <summary>Whether anybody may access it.</summary>
    public bool IsAccessible => Array.Exists(_access, static access => access != 0);

    public MemoryAccess GetAccess(int device) => (MemoryAccess)Volatile.Read(ref _access[device]); // Pairs with SetAccess.

    public void SetAccess(int device, MemoryAccess access) => Volatile.Write(ref _access[device], (int)access);

    public MemoryAccess AccessFrom(DriverContext context) =>
        context.Driver == Driver ? GetAccess(context.Device.Ordinal) : MemoryAccess.None;

    /// <summary>It is unmapped, not freed.</summary>
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
