using System.Collections.Frozen;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Names and values of the special registers.</summary>
internal static unsafe class SpecialRegisters
{
    private static readonly FrozenDictionary<string, (SpecialRegister Register, bool Wide)> s_byName = Table().ToFrozenDictionary();

    /// <summary>Finds a special register by its name, "%tid.x"; <paramref name="wide"/> says that it has 64 bits.</summary>
    public static bool TryFind(string name, out SpecialRegister register, out bool wide)
    {
        bool found = s_byName.TryGetValue(name, out (SpecialRegister Register, bool Wide) entry);
        (register, wide) = entry;
        return found;
    }

    /// <summary>Reads the special register in Aux into a 32-bit register.</summary>
    public static void Read32(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        var register = (SpecialRegister)instruction->Aux;
        if (register <= SpecialRegister.TidZ)
        {
            int component = register - SpecialRegister.TidX;
            uint* source = worker.Launch.ThreadIndices + component * Launch.LaneCount(worker.Launch.Shape) + worker.Warp.Index * 32;
            for (int lane = 0; lane < 32; lane += Vector256<uint>.Count)
            {
                Lanes.Store(d, lane, mask, Vector256.Load(source + lane));
            }

            return;
        }

        uint value = (uint)Uniform(worker, register);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = register switch
            {
                SpecialRegister.LaneId => (uint)lane,
                SpecialRegister.LaneMaskEq => 1u << lane,
                SpecialRegister.LaneMaskLe => (2u << lane) - 1,
                SpecialRegister.LaneMaskLt => (1u << lane) - 1,
                SpecialRegister.LaneMaskGe => ~((1u << lane) - 1),
                SpecialRegister.LaneMaskGt => ~((2u << lane) - 1),
                _ => value,
            };
        }
    }

    /// <summary>Reads the special register in Aux into a 64-bit register.</summary>
    public static void Read64(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* d = (ulong*)worker.Register(instruction->D0);
        ulong value = Uniform(worker, (SpecialRegister)instruction->Aux);
        for (; mask != 0; mask &= mask - 1)
        {
            d[BitOperations.TrailingZeroCount(mask)] = value;
        }
    }

    private static ulong Uniform(Worker worker, SpecialRegister register)
    {
        LaunchShape shape = worker.Launch.Shape;
        Dim3 block = worker.Cta.Index;
        Dim3 cluster = shape.ClusterExtent;
        return register switch
        {
            SpecialRegister.NtidX => shape.BlockX,
            SpecialRegister.NtidY => shape.BlockY,
            SpecialRegister.NtidZ => shape.BlockZ,
            SpecialRegister.CtaidX => block.X,
            SpecialRegister.CtaidY => block.Y,
            SpecialRegister.CtaidZ => block.Z,
            SpecialRegister.NctaidX => shape.GridX,
            SpecialRegister.NctaidY => shape.GridY,
            SpecialRegister.NctaidZ => shape.GridZ,
            SpecialRegister.WarpId => (ulong)worker.Warp.Index,
            SpecialRegister.NWarpId => (ulong)worker.Cta.WarpCount,
            SpecialRegister.WarpSize => 32,
            SpecialRegister.NSmId => 1,
            SpecialRegister.Clock or SpecialRegister.Clock64 => (ulong)Stopwatch.GetTimestamp(),
            SpecialRegister.ClockHigh => (ulong)Stopwatch.GetTimestamp() >> 32,
            SpecialRegister.GlobalTimer or SpecialRegister.GlobalTimerLow => Nanoseconds(),
            SpecialRegister.GlobalTimerHigh => Nanoseconds() >> 32,
            SpecialRegister.DynamicSharedBytes => shape.DynamicSharedBytes,
            SpecialRegister.TotalSharedBytes => worker.Launch.SharedBytes,
            SpecialRegister.EnvironmentLow => worker.Launch.GridWorkspace,
            SpecialRegister.EnvironmentHigh => worker.Launch.GridWorkspace >> 32,
            SpecialRegister.ClusterIdX => block.X / cluster.X,
            SpecialRegister.ClusterIdY => block.Y / cluster.Y,
            SpecialRegister.ClusterIdZ => block.Z / cluster.Z,
            SpecialRegister.NClusterIdX => shape.GridX / cluster.X,
            SpecialRegister.NClusterIdY => shape.GridY / cluster.Y,
            SpecialRegister.NClusterIdZ => shape.GridZ / cluster.Z,
            SpecialRegister.ClusterCtaIdX => block.X % cluster.X,
            SpecialRegister.ClusterCtaIdY => block.Y % cluster.Y,
            SpecialRegister.ClusterCtaIdZ => block.Z % cluster.Z,
            SpecialRegister.ClusterNCtaIdX => cluster.X,
            SpecialRegister.ClusterNCtaIdY => cluster.Y,
            SpecialRegister.ClusterNCtaIdZ => cluster.Z,
            SpecialRegister.ClusterCtaRank => (ulong)worker.Cta.ClusterRank,
            SpecialRegister.ClusterNCtaRank => shape.ClusterSize,
            _ => 0,
        };
    }

    private static ulong Nanoseconds() => (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private static IEnumerable<KeyValuePair<string, (SpecialRegister Register, bool Wide)>> Table()
    {
        string[] triples = ["%tid", "%ntid", "%ctaid", "%nctaid"];
        for (int i = 0; i < 12; i++)
        {
            yield return new($"{triples[i / 3]}.{"xyz"[i % 3]}", ((SpecialRegister)i, false));
        }

        string[] clusterTriples = ["%clusterid", "%nclusterid", "%cluster_ctaid", "%cluster_nctaid"];
        for (int i = 0; i < 12; i++)
        {
            yield return new($"{clusterTriples[i / 3]}.{"xyz"[i % 3]}", (SpecialRegister.ClusterIdX + i, false));
        }

        (string Name, SpecialRegister Register)[] narrow =
        [
            ("%cluster_ctarank", SpecialRegister.ClusterCtaRank), ("%cluster_nctarank", SpecialRegister.ClusterNCtaRank),
            ("%laneid", SpecialRegister.LaneId), ("%warpid", SpecialRegister.WarpId), ("%nwarpid", SpecialRegister.NWarpId),
            ("WARP_SZ", SpecialRegister.WarpSize), ("%smid", SpecialRegister.SmId), ("%nsmid", SpecialRegister.NSmId),
            ("%lanemask_eq", SpecialRegister.LaneMaskEq), ("%lanemask_le", SpecialRegister.LaneMaskLe),
            ("%lanemask_lt", SpecialRegister.LaneMaskLt), ("%lanemask_ge", SpecialRegister.LaneMaskGe),
            ("%lanemask_gt", SpecialRegister.LaneMaskGt), ("%clock", SpecialRegister.Clock), ("%clock_hi", SpecialRegister.ClockHigh),
            ("%globaltimer_lo", SpecialRegister.GlobalTimerLow), ("%globaltimer_hi", SpecialRegister.GlobalTimerHigh),
            ("%dynamic_smem_size", SpecialRegister.DynamicSharedBytes), ("%total_smem_size", SpecialRegister.TotalSharedBytes),
            ("%envreg0", SpecialRegister.Zero), ("%envreg1", SpecialRegister.EnvironmentHigh), ("%envreg2", SpecialRegister.EnvironmentLow),
        ];
        foreach ((string name, SpecialRegister register) in narrow)
        {
            yield return new(name, (register, false));
        }

        yield return new("%clock64", (SpecialRegister.Clock64, true));
        yield return new("%globaltimer", (SpecialRegister.GlobalTimer, true));
        yield return new("%gridid", (SpecialRegister.GridId, true));
    }
}
