namespace CudaRpc.Workloads;

/// <summary>Workloads that do one kind of thing, or mix few.</summary>
internal static class BasicWorkloads
{
    private const int Microsecond = 1000;

    /// <summary>Steps of half a millisecond at most.</summary>
    public static IReadOnlyList<Workload> Short { get; } =
    [
        new("launch-bound", "Short kernels one after the other, then a wait.",
            [.. Op.Repeat(200, Op.Launch("short", 2 * Microsecond, 4, stream: 1)), Op.Synchronize(1)]) { Steps = 100 },
        new("object-heavy", "Makes streams, events and memory in every step.",
            [.. Op.Repeat(10, Op.CreateEvent(), Op.CreateStream(), Op.Allocate(1 << 20), Work(10, stream: 1)), Op.Synchronize(1)]),
    ];

    /// <summary>Steps and runs so long that waking threads, of an emulated network too, is a small part of them.</summary>
    public static IReadOnlyList<Workload> Long { get; } =
    [
        new("bursts", "Ten kernels, and time of the program's own before the next ten.",
            [.. Op.Repeat(6, [Op.Think(250 * Microsecond), .. Op.Repeat(10, Work(20, stream: 1))]), Op.Synchronize(1)]) { Steps = 25 },
        new("copy-bound", "1 MiB to the device, a kernel, 1 MiB back.",
            [Op.CopyIn(1 << 20, 1), Work(2000, stream: 1), Op.CopyOut(1 << 20, 1), Op.Synchronize(1)]) { Steps = 20 },
        new("small-copies", "Values of pageable memory to the device and results back, a few bytes each.",
            [.. Op.Repeat(10, Op.CopyIn(4096, 1, pinned: false), Work(300, stream: 1), Op.CopyOut(64, 1, pinned: false), Op.Synchronize(1))]) { Steps = 10 },
        new("sync-heavy", "A wait after every kernel.",
            [.. Op.Repeat(20, Work(400, stream: 1), Op.Synchronize(1))]) { Steps = 8 },
        new("poll-heavy", "Asks for events and streams until they are done.",
            [.. Op.Repeat(3, Work(2000, stream: 1), Op.Record(0, 1), Op.PollEvent(0), Work(2000, stream: 1), Op.PollStream(1))]) { Steps = 5 },
        new("multi-threaded", "Four threads, each with a stream of its own.",
            [.. Op.Repeat(10, Op.Think(5 * Microsecond), Work(300, stream: 1, blocks: 16)), Op.Synchronize(1)]) { Threads = 4, Steps = 15 },
        new("graph-replay", "A graph of fifty kernels, twice, then a wait.",
            [.. Op.Repeat(2, Op.LaunchGraph(1)), Op.Synchronize(1)]) { Graph = [.. Op.Repeat(50, Work(40))], Steps = 12 },
        new("streams", "Two streams that wait for each other's events.",
            [.. Op.Repeat(10,
                Work(150, stream: 1, blocks: 16), Op.Record(0, 1), Op.Wait(0, 2),
                Work(150, stream: 2, blocks: 16), Op.Record(1, 2), Op.Wait(1, 1)),
            Op.SynchronizeEvent(1)]) { Steps = 15 },
        new("training-like", "Input on a stream of its own, sixty kernels, a loss that is read.",
            [Op.CopyIn(256 << 10, 1), Op.Record(0, 1), Op.Wait(0, 0),
            .. Op.Repeat(60, Op.Ask(), Op.Think(10 * Microsecond), Work(60)), Op.CopyOut(4, pinned: false), Op.Synchronize()]) { Steps = 12 },
        new("inference-like", "A small input, forty kernels, a result.",
            [Op.CopyIn(64 << 10),
            .. Op.Repeat(40, Op.Ask(), Op.Think(10 * Microsecond), Work(60)), Op.CopyOut(4096, pinned: false), Op.Synchronize()]) { Steps = 15 },
    ];

    public static IEnumerable<Workload> All => Short.Concat(Long);

    private static Op Work(int microseconds, int stream = 0, uint blocks = 1024) => Op.Launch("work", microseconds * Microsecond, 6, stream, blocks);
}
