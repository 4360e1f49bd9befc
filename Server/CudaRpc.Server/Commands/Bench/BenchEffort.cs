namespace CudaRpc.Server.Commands.Bench;

/// <summary>How much is measured.</summary>
/// <param name="Rounds">Turns of ours and the baseline.</param>
/// <param name="Calls">Of the synchronous ones, in each round.</param>
/// <param name="Launches">In each round.</param>
/// <param name="CopyBytes">In each round, of each size.</param>
/// <param name="Sizes">Of copies.</param>
internal sealed record BenchEffort(int Rounds, int Calls, int Launches, long CopyBytes, IReadOnlyList<long> Sizes)
{
    public static BenchEffort Full { get; } = new(7, 50_000, 2_000_000, 1 << 30, [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20]);

    public static BenchEffort Quick { get; } = new(3, 5000, 50_000, 16 << 20, [4 << 10, 1 << 20, 16 << 20]);
}
