namespace CudaRpc.Simulator.Objects;

/// <summary>Page-locked host memory: allocated by the driver, or the program's own and registered.</summary>
internal readonly record struct HostRange(ulong Start, ulong Size, uint Flags, bool IsRegistered, ulong Id, DriverContext Context);
