namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>The allocation that a memory instruction met last, so that the next access costs a comparison.</summary>
internal unsafe struct AllocationCache
{
    public ulong Base;

    /// <summary>0 in an empty entry.</summary>
    public ulong Size;

    public byte* Host;
}
