namespace CudaRpc.Simulator.Objects;

/// <summary>What one CUmemGenericAllocationHandle stands for: a reference to physical memory.</summary>
internal sealed class AllocationHandle(PhysicalAllocation physical)
{
    private int _released;

    public PhysicalAllocation Physical { get; } = physical;

    /// <summary>Gives the reference back, the first time.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            Physical.Release();
        }
    }
}
