namespace CudaRpc.Kernels;

/// <summary>What one run of a sample gave.</summary>
public sealed record KernelResult
{
    /// <summary>The kernel.</summary>
    public required string Name { get; init; }

    /// <summary>The size, as <see cref="KernelSample.Describe"/> puts it.</summary>
    public required string Size { get; init; }

    /// <summary>The largest error; see <see cref="KernelCase.MaxError"/>.</summary>
    public required double MaxError { get; init; }

    /// <summary>The largest error that verifies.</summary>
    public required double Tolerance { get; init; }

    /// <summary>Bytes of inputs and outputs.</summary>
    public required long DataBytes { get; init; }

    /// <summary>Calls and bytes of the session during the run; zero for a driver in this process.</summary>
    public required CallStatistics Calls { get; init; }

    /// <summary>The kernel alone, as the device's events measure it.</summary>
    public required TimeSpan KernelTime { get; init; }

    /// <summary>Everything: loading the module, copies, kernel, release.</summary>
    public required TimeSpan TotalTime { get; init; }

    /// <summary>Whether the results are those of the CPU reference.</summary>
    public bool Verified => MaxError <= Tolerance;
}
