namespace CudaRpc.Workloads;

/// <summary>Workloads that do one kind of thing, or mix few.</summary>
internal static class BasicWorkloads
{
    private const int Microsecond = 1000;

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("launch-bound", "Short kernels one after the other, then a wait.",
            [.. Op.Repeat(200, Op.Launch("short", 2 * Microsecond, 4, stream: 1)), Op.Synchronize(1)]),
        new("copy-bound", "8 MiB to the device, a kernel, 8 MiB back.",
            [Op.CopyIn(8 << 20, 1), Op.Launch("work", 50 * Microsecond, 6, stream: 1), Op.CopyOut(8 << 20, 1), Op.Synchronize(1)]) { Steps = 20 },
        new("small-copies", "Values of pageable memory to the device and results back, a few bytes each.",
            [.. Op.Repeat(20,
                Op.CopyIn(4096, 1, pinned: false), Op.Launch("work", 5 * Microsecond, 4, stream: 1), Op.CopyOut(64, 1, pinned: false), Op.Synchronize(1))]),
        new("sync-heavy", "A wait after every kernel.",
            [.. Op.Repeat(50, Op.Launch("work", 10 * Microsecond, 6, stream: 1), Op.Synchronize(1))]),
        new("poll-heavy", "Asks for events and streams until they are done.",
            [.. Op.Repeat(5,
                Op.Launch("work", 200 * Microsecond, 6, stream: 1), Op.Record(0, 1), Op.PollEvent(0),
                Op.Launch("work", 200 * Microsecond, 6, stream: 1), Op.PollStream(1))]),
        new("multi-threaded", "Four threads, each with a stream of its own.",
            [.. Op.Repeat(20, Op.Think(5 * Microsecond), Op.Launch("work", 20 * Microsecond, 6, stream: 1, blocks: 16)), Op.Synchronize(1)]) { Threads = 4 },
        new("graph-replay", "A graph of fifty kernels, four times, then a wait.",
            [.. Op.Repeat(4, Op.LaunchGraph(1)), Op.Synchronize(1)]) { Graph = [.. Op.Repeat(50, Op.Launch("work", 5 * Microsecond, 6))] },
        new("streams", "Two streams that wait for each other's events.",
            [.. Op.Repeat(20,
                Op.Launch("work", 20 * Microsecond, 6, stream: 1, blocks: 16), Op.Record(0, 1), Op.Wait(0, 2),
                Op.Launch("work", 20 * Microsecond, 6, stream: 2, blocks: 16), Op.Record(1, 2), Op.Wait(1, 1)),
            Op.SynchronizeEvent(1)]),
        new("object-heavy", "Makes streams, events and memory in every step.",
            [.. Op.Repeat(10, Op.CreateEvent(), Op.CreateStream(), Op.Allocate(1 << 20), Op.Launch("work", 10 * Microsecond, 6, stream: 1)), Op.Synchronize(1)]),
        new("training-like", "Input on a stream of its own, sixty kernels, a loss that is read.",
            [Op.CopyIn(1 << 20, 1), Op.Record(0, 1), Op.Wait(0, 0),
            .. Op.Repeat(60, Op.Ask(), Op.Think(5 * Microsecond), Op.Launch("layer", 20 * Microsecond, 10)),
            Op.CopyOut(4, pinned: false), Op.Synchronize()]),
        new("inference-like", "A small input, forty kernels, a result.",
            [Op.CopyIn(64 << 10),
            .. Op.Repeat(40, Op.Ask(), Op.Think(5 * Microsecond), Op.Launch("layer", 15 * Microsecond, 10)),
            Op.CopyOut(4096, pinned: false), Op.Synchronize()]),
    ];
}
