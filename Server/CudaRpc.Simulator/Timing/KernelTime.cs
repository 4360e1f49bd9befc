namespace CudaRpc.Simulator.Timing;

/// <summary>How long a kernel takes, for studies: a time, or the parameter of the kernel that holds it.</summary>
public sealed record KernelTime
{
    /// <summary>Kernels that begin with <c>timed_</c> say themselves how long they take: their first parameter is nanoseconds.</summary>
    public static KernelTime Timed { get; } = new() { Kernel = "timed_*", Parameter = 0 };

    /// <summary>The kernel's name, or its beginning and <c>*</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>Its time in nanoseconds.</summary>
    public long? Nanoseconds { get; init; }

    /// <summary>Which of its parameters, an integer of four or eight bytes, holds the time in nanoseconds.</summary>
    public int? Parameter { get; init; }

    /// <summary>Whether it speaks of a kernel of that name.</summary>
    public bool Fits(string kernel) => Kernel.EndsWith('*')
        ? kernel.AsSpan().StartsWith(Kernel.AsSpan(0, Kernel.Length - 1), StringComparison.Ordinal)
        : kernel == Kernel;

    /// <summary>What is wrong with it, for people; null if nothing is.</summary>
    public string? Fault() => (Nanoseconds, Parameter) switch
    {
        (null, null) or (not null, not null) => $"kernel {Kernel} has either nanoseconds or a parameter",
        ( < 0 or > DeviceTiming.LongestKernel, _) => $"kernel {Kernel} takes 0 to {DeviceTiming.LongestKernel} nanoseconds",
        (_, < 0) => $"kernel {Kernel} has parameters from 0",
        _ => null,
    };
}
