namespace CudaRpc.Workloads.Models;

/// <summary>What layers' times are computed from.</summary>
/// <param name="Name">The device.</param>
/// <param name="MatrixTeraflops">Peak of dense 16-bit matrix products, from its data sheet.</param>
/// <param name="MemoryGigabytes">Peak of its memory, likewise.</param>
public sealed record RooflineDevice(string Name, double MatrixTeraflops, double MemoryGigabytes)
{
    // Assumed: what good kernels reach of the peaks, and the shortest time from one kernel's begin to the next one's.
    private const double MatrixEfficiency = 0.4, MemoryEfficiency = 0.7, Shortest = 2000;

    /// <summary>Devices there are.</summary>
    public static IReadOnlyList<RooflineDevice> All { get; } = [new("A100", 312, 1555), new("T4", 65, 320), new("H100", 989, 3350)];

    /// <summary>Nanoseconds of a kernel.</summary>
    public long Time(double flops, double bytes) => (long)Math.Max(
        Shortest, Math.Max(flops / (MatrixTeraflops * 1e3 * MatrixEfficiency), bytes / (MemoryGigabytes * MemoryEfficiency)));
}
