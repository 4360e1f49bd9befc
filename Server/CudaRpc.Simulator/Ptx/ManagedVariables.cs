namespace CudaRpc.Simulator.Ptx;

/// <summary>Where a module's managed variables come from: zeroed memory of this process at whose address kernels reach it.</summary>
/// <param name="Allocate">From a size in bytes to an address, 0 if there is no room.</param>
/// <param name="Free">Takes back what was allocated.</param>
internal sealed record ManagedVariables(Func<ulong, ulong> Allocate, Action<ulong> Free);
