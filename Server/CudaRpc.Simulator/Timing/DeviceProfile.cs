namespace CudaRpc.Simulator.Timing;

/// <summary>What the timing model knows of a device. docs/simulator.md says where the numbers of the named ones come from.</summary>
public sealed record DeviceProfile
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>Multiprocessors, which kernels that overlap share.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>Instructions of single threads that all multiprocessors together execute, in thousand millions a second.</summary>
    public required double GigaInstructions { get; init; }

    /// <summary>Bytes of device memory read or written, in GB/s.</summary>
    public required double MemoryGigabytes { get; init; }

    /// <summary>Bytes copied to the device, in GB/s.</summary>
    public required double ToDeviceGigabytes { get; init; }

    /// <summary>Bytes copied to the host, in GB/s.</summary>
    public required double ToHostGigabytes { get; init; }

    /// <summary>From a kernel's submission to its beginning, when nothing is in its way, nanoseconds.</summary>
    public long LaunchLatency { get; init; } = 3_000;

    /// <summary>Least time that a kernel takes on the device, nanoseconds.</summary>
    public long ShortestKernel { get; init; } = 2_000;

    /// <summary>What a copy or a fill takes beside its bytes, nanoseconds.</summary>
    public long CopyLatency { get; init; } = 5_000;

    /// <summary>Kernels whose time is given; the first that fits counts. Others take what the roofline says.</summary>
    public IReadOnlyList<KernelTime> Kernels { get; init; } = [KernelTime.Timed];

    /// <summary>The named profiles.</summary>
    public static IReadOnlyList<DeviceProfile> Named { get; } =
    [
        new()
        {
            Name = "T4",
            Multiprocessors = 40,
            GigaInstructions = 4_050,
            MemoryGigabytes = 320,
            ToDeviceGigabytes = 12.5,
            ToHostGigabytes = 12.5,
        },
        new()
        {
            Name = "A100",
            Multiprocessors = 108,
            GigaInstructions = 9_750,
            MemoryGigabytes = 1_555,
            ToDeviceGigabytes = 25,
            ToHostGigabytes = 25,
        },
        new()
        {
            Name = "H100",
            Multiprocessors = 132,
            GigaInstructions = 33_500,
            MemoryGigabytes = 3_350,
            ToDeviceGigabytes = 50,
            ToHostGigabytes = 50,
        },
    ];

    /// <summary>The profile of that name, whatever its case; null if there is none.</summary>
    public static DeviceProfile? Find(string name) =>
        Named.FirstOrDefault(profile => string.Equals(profile.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>What makes the numbers impossible, for people; null if nothing does.</summary>
    public string? Fault()
    {
        if (Multiprocessors is < 1 or > 1024)
        {
            return "multiprocessors are 1 to 1024";
        }

        double[] rates = [GigaInstructions, MemoryGigabytes, ToDeviceGigabytes, ToHostGigabytes];
        if (!Array.TrueForAll(rates, static rate => rate is > 0.001 and < 1e9))
        {
            return "rates are numbers above 0.001";
        }

        long[] latencies = [LaunchLatency, ShortestKernel, CopyLatency];
        return Array.TrueForAll(latencies, static time => time is >= 0 and <= 1_000_000_000)
            ? Kernels.Select(static kernel => kernel.Fault()).FirstOrDefault(static fault => fault is not null)
            : "latencies are 0 to 1000000000 nanoseconds";
    }

    internal KernelTime? TimeOf(string kernel) => Kernels.FirstOrDefault(time => time.Fits(kernel));
}
