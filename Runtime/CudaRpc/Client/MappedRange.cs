using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>Physical memory at an address: where, of what, and which devices may access it.</summary>
internal sealed class MappedRange(ulong start, ulong bytes, AllocationInfo allocation, int devices)
{
    private readonly int[] _access = new int[devices];

    public ulong Base { get; } = start;

    public ulong Bytes { get; } = bytes;

    public AllocationInfo Allocation { get; } = allocation;

    /// <summary>What CU_POINTER_ATTRIBUTE_SYNC_MEMOPS was set to.</summary>
    public bool IsSynchronous { get; set; }

    public CUmemAccess_flags this[int device]
    {
        get => (CUmemAccess_flags)Volatile.Read(ref _access[device]);
        set => Volatile.Write(ref _access[device], (int)value);
    }
}
