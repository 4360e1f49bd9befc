using CudaRpc.Simulator.Timing;

namespace CudaRpc.Server.Commands;

/// <summary>What a file says; what it leaves out is as in the profile that it starts from.</summary>
internal sealed record ProfileFile
{
    public string? Base { get; init; }

    public string? Name { get; init; }

    public int? Multiprocessors { get; init; }

    public double? GigaInstructions { get; init; }

    public double? MemoryGigabytes { get; init; }

    public double? ToDeviceGigabytes { get; init; }

    public double? ToHostGigabytes { get; init; }

    public long? LaunchLatency { get; init; }

    public long? ShortestKernel { get; init; }

    public long? CopyLatency { get; init; }

    public IReadOnlyList<KernelTime>? Kernels { get; init; }
}
