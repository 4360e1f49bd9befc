using System.Numerics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Instructions about clusters. An address of shared memory within a cluster is the offset in its CTA's, with one more than that CTA's rank in the bits
/// above; without them it means the CTA's own, so that every address of shared::cta is one of shared::cluster too.
/// </summary>
internal static unsafe class ClusterHandlers
{
    public const int RankShift = 24;

    private const ulong RankMask = 0xFFUL << RankShift;

    /// <summary>barrier.cluster.arrive.</summary>
    public static void Arrive(Worker worker, Instruction* instruction, uint mask)
    {
        if ((worker.Warp.ClusterArrived & mask) != 0)
        {
            worker.Fault(DeviceFaultKind.IllegalInstruction, instruction, mask, "threads arrive twice at the barrier of their cluster");
        }

        worker.Warp.ClusterArrived |= mask;
        worker.Cta.Cluster.Arrive();
    }

    /// <summary>mapa with 32-bit addresses: A is the address, B the rank.</summary>
    public static void Map32(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* rank = (uint*)worker.Operand(instruction->B);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            d[lane] = (uint)Map(worker, instruction, rest, a[lane], rank[lane]);
        }
    }

    /// <summary>mapa with 64-bit addresses, in shared::cluster or generic.</summary>
    public static void Map64(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* d = (ulong*)worker.Register(instruction->D0);
        ulong* a = (ulong*)worker.Operand(instruction->A);
        uint* rank = (uint*)worker.Operand(instruction->B);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            d[lane] = Map(worker, instruction, rest, a[lane], rank[lane]);
        }
    }

    /// <summary>getctarank of a 32-bit address.</summary>
    public static void Rank32(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = RankOf(worker, a[lane]);
        }
    }

    /// <summary>getctarank of a 64-bit address.</summary>
    public static void Rank64(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        ulong* a = (ulong*)worker.Operand(instruction->A);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = RankOf(worker, a[lane]);
        }
    }

    /// <summary>%is_explicit_cluster.</summary>
    public static void IsExplicit(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, worker.Launch.Shape.Cluster != default ? uint.MaxValue : 0);

    private static ulong Map(Worker worker, Instruction* instruction, uint mask, ulong address, uint rank)
    {
        if (rank >= (uint)worker.Cta.Cluster.Size)
        {
            worker.Fault(DeviceFaultKind.IllegalInstruction, instruction, mask, $"rank {rank} in a cluster of {worker.Cta.Cluster.Size}");
        }

        return (address & ~RankMask) | ((ulong)(rank + 1) << RankShift);
    }

    private static uint RankOf(Worker worker, ulong address)
    {
        uint rank = (uint)((address & RankMask) >> RankShift);
        return rank == 0 ? (uint)worker.Cta.ClusterRank : rank - 1;
    }
}
