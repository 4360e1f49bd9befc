using CudaRpc.Workloads.Models;

namespace CudaRpc.Workloads;

/// <summary>What the workloads of models can be asked for; 0 is the model's default.</summary>
public sealed record WorkloadOptions
{
    /// <summary>Images or sequences at a time.</summary>
    public int Batch { get; init; }

    /// <summary>Tokens of a sequence; for GPT-2's inference, those that there are already.</summary>
    public int Sequence { get; init; }

    /// <summary>Whether training copies the next batch while the device is busy with this one.</summary>
    public bool Prefetch { get; init; }

    /// <summary>Nanoseconds that the framework is busy with itself before each launch.</summary>
    public long Think { get; init; } = 5000;

    /// <summary>The device that the kernels' times are of.</summary>
    public RooflineDevice Device { get; init; } = RooflineDevice.All[0];
}
