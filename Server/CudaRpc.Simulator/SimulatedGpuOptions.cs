using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator;

/// <summary>What a <see cref="SimulatedGpu"/> is built with.</summary>
public sealed record SimulatedGpuOptions
{
    /// <summary>The name unless another is given.</summary>
    public const string DefaultName = "CudaRpc Simulated GPU";

    /// <summary>Name that <c>cuDeviceGetName</c> reports.</summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>Number of identical devices, 1 to 16.</summary>
    public int DeviceCount { get; init; } = 1;

    /// <summary>Memory of each device in bytes. The host commits pages only when they are written.</summary>
    public ulong MemoryBytes { get; init; } = 4UL << 30;

    /// <summary>Most page-locked host memory that one <see cref="SimulatedDriver"/> hands out, in bytes.</summary>
    public ulong HostMemoryBytes { get; init; } = 4UL << 30;

    /// <summary>The device whose times kernels and copies take; null: they take as long as the simulator needs.</summary>
    public DeviceProfile? DeviceTime { get; init; }

    /// <summary>Whether kernels, copies and fills are done. Only with <see cref="DeviceTime"/> they may be left undone and take their time.</summary>
    public bool Executes { get; init; } = true;

    /// <summary>For tests: the clock of <see cref="DeviceTime"/>.</summary>
    internal DeviceClock? Clock { get; init; }

    /// <summary>
    /// For tests of libraries that have machine code only: given an image without PTX, the PTX that stands for it, or null to refuse it as usual.
    /// </summary>
    internal Func<nint, string?>? StandIn { get; init; }

    /// <summary>For tests: told the name of every kernel that is launched, before it is.</summary>
    internal Action<string>? Launching { get; init; }
}
