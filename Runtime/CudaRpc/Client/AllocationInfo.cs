using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>Physical memory by a handle of it: its size in bytes, what it was made as, and a number that all handles to it share.</summary>
internal sealed class AllocationInfo(ulong bytes, in CUmemAllocationProp_v1 properties, ulong blockId) : HandleInfo(IntegerHandles.Allocation, 0)
{
    public ulong Bytes { get; } = bytes;

    public CUmemAllocationProp_v1 Properties { get; } = properties;

    public ulong BlockId { get; } = blockId;

    public int Device => Properties.location.id;
}
