namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>How an access finds its bytes.</summary>
internal enum MemorySpace : byte
{
    Generic,

    /// <summary>Global and constant memory.</summary>
    Device,
    Shared,
    Local,
}
