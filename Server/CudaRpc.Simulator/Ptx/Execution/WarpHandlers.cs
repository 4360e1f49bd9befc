using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Instructions between the threads of a warp. A Converge before each has brought the threads together. Where the threads name different
/// sets of members, each works within its own.
/// </summary>
internal static unsafe class WarpHandlers
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>shfl of A by B and C; the mode is in Aux, D1 is a predicate if Immediate is not 0 (PTX ISA, shfl.sync).</summary>
    [MethodImpl(Hot)]
    public static void Shuffle(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        uint* copy = (uint*)worker.Values;
        Unsafe.CopyBlockUnaligned(copy, a, 128);
        uint valid = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int from = Source((ShuffleMode)instruction->Aux, lane, (int)b[lane] & 31, c[lane], out bool inside);
            d[lane] = copy[inside ? from : lane];
            valid |= inside ? 1u << lane : 0;
        }

        if (instruction->Immediate != 0)
        {
            worker.SetPredicate(instruction->D1, mask, valid);
        }
    }

    /// <summary>
    /// vote: predicate A, members E, mode Aux; bit 0 of Immediate negates A. D0 is a predicate, or for ballot a register.
    /// </summary>
    [MethodImpl(Hot)]
    public static void Vote(Worker worker, Instruction* instruction, uint mask)
    {
        uint predicate = worker.Predicate(instruction->A);
        predicate = ((instruction->Immediate & 1) != 0 ? ~predicate : predicate) & mask;
        uint* members = (uint*)worker.Operand(instruction->E);
        var mode = (VoteMode)instruction->Aux;
        uint* d = (uint*)worker.Register(instruction->D0);
        uint result = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint present = members[lane] & mask;
            uint holds = predicate & present;
            if (mode == VoteMode.Ballot)
            {
                d[lane] = holds;
                continue;
            }

            bool outcome = mode switch
            {
                VoteMode.All => holds == present,
                VoteMode.Any => holds != 0,
                _ => holds == 0 || holds == present,
            };
            result |= outcome ? 1u << lane : 0;
        }

        if (mode != VoteMode.Ballot)
        {
            worker.SetPredicate(instruction->D0, mask, result);
        }
    }

    /// <summary>match.any: the members whose value equals the lane's.</summary>
    public static void MatchAny<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IEquatable<T>
    {
        T* a = (T*)worker.Operand(instruction->A);
        uint* members = (uint*)worker.Operand(instruction->E);
        uint* results = (uint*)worker.Values;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            results[lane] = EqualLanes(a, a[lane], members[lane] & mask);
        }

        Write(worker, instruction, mask, results);
    }

    /// <summary>match.all: all members if their values are equal, else 0; D1 says which, if Immediate is not 0.</summary>
    public static void MatchAll<T>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged, IEquatable<T>
    {
        T* a = (T*)worker.Operand(instruction->A);
        uint* members = (uint*)worker.Operand(instruction->E);
        uint* results = (uint*)worker.Values;
        uint all = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint present = members[lane] & mask;
            bool equal = EqualLanes(a, a[lane], present) == present;
            results[lane] = equal ? present : 0;
            all |= equal ? 1u << lane : 0;
        }

        Write(worker, instruction, mask, results);
        if (instruction->Immediate != 0)
        {
            worker.SetPredicate(instruction->D1, mask, all);
        }
    }

    /// <summary>redux: the operation over the members' values.</summary>
    public static void Reduce<T, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where T : unmanaged
        where TOperation : struct, IAtomic<T>
    {
        T* a = (T*)worker.Operand(instruction->A);
        uint* members = (uint*)worker.Operand(instruction->E);
        T* results = (T*)worker.Values;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint present = members[lane] & mask;
            T value = a[BitOperations.TrailingZeroCount(present)];
            for (present &= present - 1; present != 0; present &= present - 1)
            {
                value = TOperation.Invoke(value, a[BitOperations.TrailingZeroCount(present)], default);
            }

            results[lane] = value;
        }

        Write(worker, instruction, mask, (uint*)results);
    }

    /// <summary>activemask.</summary>
    public static void ActiveMask(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            d[BitOperations.TrailingZeroCount(rest)] = mask;
        }
    }

    /// <summary>Second half of bar.red: the result of barrier A; Aux is a <see cref="VoteMode"/>, Ballot meaning the count.</summary>
    public static void BarrierResult(Worker worker, Instruction* instruction, uint mask)
    {
        int barrier = ((int*)worker.Operand(instruction->A))[BitOperations.TrailingZeroCount(mask)];
        int holds = worker.Warp.BarrierTrue[barrier];
        switch ((VoteMode)instruction->Aux)
        {
            case VoteMode.Ballot:
                uint* d = (uint*)worker.Register(instruction->D0);
                for (uint rest = mask; rest != 0; rest &= rest - 1)
                {
                    d[BitOperations.TrailingZeroCount(rest)] = (uint)holds;
                }

                break;
            case VoteMode.All:
                worker.SetPredicate(instruction->D0, mask, worker.Warp.BarrierFalse[barrier] == 0 ? uint.MaxValue : 0);
                break;
            default:
                worker.SetPredicate(instruction->D0, mask, holds != 0 ? uint.MaxValue : 0);
                break;
        }
    }

    private static int Source(ShuffleMode mode, int lane, int b, uint c, out bool inside)
    {
        int clamp = (int)(c & 31);
        int segment = (int)((c >> 8) & 31);
        int most = (lane & segment) | (clamp & ~segment);
        int least = lane & segment;
        int from;
        switch (mode)
        {
            case ShuffleMode.Up:
                from = lane - b;
                inside = from >= most;
                break;
            case ShuffleMode.Down:
                from = lane + b;
                inside = from <= most;
                break;
            case ShuffleMode.Butterfly:
                from = lane ^ b;
                inside = from <= most;
                break;
            default:
                from = least | (b & ~segment);
                inside = from <= most;
                break;
        }

        return from;
    }

    private static uint EqualLanes<T>(T* values, T value, uint lanes)
        where T : unmanaged, IEquatable<T>
    {
        uint equal = 0;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            int lane = BitOperations.TrailingZeroCount(lanes);
            equal |= values[lane].Equals(value) ? 1u << lane : 0;
        }

        return equal;
    }

    private static void Write(Worker worker, Instruction* instruction, uint mask, uint* results)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = results[lane];
        }
    }
}
