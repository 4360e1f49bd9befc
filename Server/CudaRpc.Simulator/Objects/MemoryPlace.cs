using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Objects;

/// <summary>Where a copy or a set starts: an address in a device's memory, or a pointer of this process.</summary>
internal readonly record struct MemoryPlace(AddressSpace? Memory, ulong Address)
{
    public bool IsDevice => Memory is not null;

    // SAFETY: host pointers are the caller's promise. Device addresses are resolved only while the bytes are in use and pinned.
    public unsafe byte* Resolve(ulong bytes) => Memory is null ? (byte*)Address : Memory.Resolve(Address, bytes);

    /// <summary>Whether calls that are not asynchronous by name wait for what they do to it.</summary>
    public bool IsSynchronous => Memory is not null && Memory.TryFind(Address, out Allocation? allocation) && allocation.IsSynchronous;

    public MemoryPin Pin() => Memory?.Pin() ?? default;
}
