using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Objects;

/// <summary>Memory of a device without an address. It lives while a handle or a mapping is left, of whichever driver. Safe from any thread.</summary>
internal sealed class PhysicalAllocation
{
    private readonly PhysicalMemory _memory;
    private int _references = 1;

    private PhysicalAllocation(PhysicalMemory memory, SimulatedDevice device, ulong size, long place, ulong id, in CUmemAllocationProp_v1 properties)
    {
        _memory = memory;
        Device = device;
        Size = size;
        Place = place;
        Id = id;
        Properties = properties;
    }

    public SimulatedDevice Device { get; }

    public ulong Size { get; }

    /// <summary>Where it is in the file of <see cref="PhysicalMemory"/>.</summary>
    public long Place { get; }

    public ulong Id { get; }

    public CUmemAllocationProp_v1 Properties { get; }

    /// <summary>Takes memory of the device. Null where it does not fit. The caller holds the first reference.</summary>
    public static PhysicalAllocation? Create(SimulatedGpu gpu, SimulatedDevice device, ulong size, in CUmemAllocationProp_v1 properties)
    {
        if (!device.Memory.TryTake(size))
        {
            return null;
        }
        long place = gpu.Physical.Take(size);
        if (place < 0)
        {
            device.Memory.GiveBack(size);
            return null;
        }
        return new PhysicalAllocation(gpu.Physical, device, size, place, gpu.NextId(), properties);
    }

    /// <summary>One more reference. False if the last is gone.</summary>
    public bool TryRetain()
    {
        for (int seen = Volatile.Read(ref _references); seen > 0; seen = Volatile.Read(ref _references))
        {
            if (Interlocked.CompareExchange(ref _references, seen + 1, seen) == seen)
            {
                return true;
            }
        }
        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _memory.Release(Place, Size);
            Device.Memory.GiveBack(Size);
        }
    }
}
