namespace CudaRpc.Simulator.Objects;

/// <summary>What may be done with memory; the values of CUmemAccess_flags.</summary>
[Flags]
internal enum MemoryAccess
{
    None = 0,
    Read = 1,
    ReadWrite = 3,
}
