namespace CudaRpc.Driver.Managed;

/// <summary>
/// What a program has said about the pages of a piece of managed memory. Without an answer a location is <c>NONE</c>; the CPU is
/// <c>HOST</c> with number 0.
/// </summary>
/// <param name="ReadMostly">Whether it is mostly read.</param>
/// <param name="Preferred">Where it is to be.</param>
/// <param name="Prefetched">Where it was last asked to be.</param>
/// <param name="AccessedBy">Devices that use it, a bit each.</param>
/// <param name="AccessedByHost">Whether the CPU uses it.</param>
internal readonly record struct ManagedAdvice(
    bool ReadMostly, MemoryLocation Preferred, MemoryLocation Prefetched, ulong AccessedBy, bool AccessedByHost);
