using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands.Model;

/// <summary>
/// What the model is validated with: steps long enough, tens of milliseconds a run, that waking threads of the emulated network's machine is a
/// small part of them.
/// </summary>
internal static class ValidationWorkloads
{
    private const int Microsecond = 1000;

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("launch-bound", "bursts of short kernels, one wait",
            [.. Op.Repeat(6, [Op.Think(250 * Microsecond), .. Op.Repeat(10, Launch(20, 1))]), Op.Synchronize(1)]) { Steps = 25 },
        new("copy-bound", "1 MiB there and back", [Op.CopyIn(1 << 20, 1), Launch(2000, 1), Op.CopyOut(1 << 20, 1), Op.Synchronize(1)]) { Steps = 20 },
        new("small-copies", "values there, results back", [.. Op.Repeat(10,
            Op.CopyIn(4096, 1, pinned: false), Launch(300, 1), Op.CopyOut(64, 1, pinned: false), Op.Synchronize(1))]) { Steps = 10 },
        new("sync-heavy", "a wait after every kernel", [.. Op.Repeat(20, Launch(400, 1), Op.Synchronize(1))]) { Steps = 8 },
        new("poll-heavy", "asks until it is done", [.. Op.Repeat(5, Launch(2000, 1), Op.Record(0, 1), Op.PollEvent(0))]) { Steps = 6 },
        new("multi-threaded", "four threads and streams", [.. Op.Repeat(10, Op.Think(5 * Microsecond), Launch(300, 1, 16)), Op.Synchronize(1)])
        {
            Threads = 4, Steps = 15,
        },
        new("graph-replay", "a graph of fifty kernels", [.. Op.Repeat(2, Op.LaunchGraph(1)), Op.Synchronize(1)])
        {
            Graph = [.. Op.Repeat(50, Launch(40))], Steps = 12,
        },
        new("streams", "two streams and their events", [.. Op.Repeat(10,
            Launch(150, 1, 16), Op.Record(0, 1), Op.Wait(0, 2), Launch(150, 2, 16), Op.Record(1, 2), Op.Wait(1, 1)), Op.SynchronizeEvent(1)]) { Steps = 15 },
        new("training-like", "input, sixty kernels, loss", [Op.CopyIn(256 << 10, 1), Op.Record(0, 1), Op.Wait(0, 0),
            .. Op.Repeat(60, Op.Ask(), Op.Think(10 * Microsecond), Launch(60)), Op.CopyOut(4, pinned: false), Op.Synchronize()]) { Steps = 12 },
        new("inference-like", "input, forty kernels, result", [Op.CopyIn(64 << 10),
            .. Op.Repeat(40, Op.Ask(), Op.Think(10 * Microsecond), Launch(60)), Op.CopyOut(4096, pinned: false), Op.Synchronize()]) { Steps = 15 },
    ];

    private static Op Launch(int microseconds, int stream = 0, uint blocks = 1024) => Op.Launch("work", microseconds * Microsecond, 6, stream, blocks);
}
