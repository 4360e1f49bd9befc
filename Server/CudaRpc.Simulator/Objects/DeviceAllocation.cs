namespace CudaRpc.Simulator.Objects;

/// <summary>A piece of device memory that the program allocated.</summary>
internal readonly record struct DeviceAllocation(ulong Address, ulong Size, ulong Id, MemoryPool? Pool);
