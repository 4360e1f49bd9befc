using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// Memory of this process that kernels and copies reach at its own address: page-locked or managed, allocated by the driver, or the program's
/// and registered.
/// </summary>
internal sealed unsafe class HostRange(ulong start, ulong size, uint flags, HostRangeKind kind, ulong id, DriverContext context)
{
    public ulong Start { get; } = start;

    public ulong Size { get; } = size;

    public uint Flags { get; } = flags;

    public HostRangeKind Kind { get; } = kind;

    public ulong Id { get; } = id;

    /// <summary>The context that the range dies with. All contexts of its driver reach it.</summary>
    public DriverContext Context { get; } = context;

    /// <summary>As kernels find it.</summary>
    public Allocation Allocation { get; } = new(start, size, (byte*)start, context.Driver);
}
