using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// The loop over instructions. A warp executes for one group of its lanes at a time, the one whose program counter is smallest, until it
/// reaches the next group and joins it: code is laid out so that this is where branches meet again.
/// </summary>
internal sealed unsafe partial class Worker
{
    // Backward branches until a warp gives way. One that polls memory gives way sooner: somebody else has to run for it to go on.
    private const int BranchesPerTurn = 1024;
    private const int PollCost = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Turn RunWarp<TCounting>(Warp warp, out bool ran)
        where TCounting : struct
    {
        _warp = warp;
        _registers = warp.Registers;
        _constantDelta = (nint)(_launch.ConstantsEnd - warp.Registers);
        // SAFETY: pinned; Lower proves that control never runs past the last instruction.
        Instruction* code = (Instruction*)Unsafe.AsPointer(ref _launch.Code.Instructions[0]);
        int budget = BranchesPerTurn;
        int pc;
        int limit;
        uint mask;
        ran = false;
        Polled = false;
        goto Select;

    Step:
        while (true)
        {
            if (pc >= limit)
            {
                if (pc > limit)
                {
                    warp.Add(pc, mask, LaneGroup.Runnable);
                    goto Select;
                }

                mask |= warp.Join(pc, LaneGroup.Runnable);
                limit = warp.NextMeeting(pc);
            }

            Instruction* instruction = code + pc++;
            uint active = mask;
            if (instruction->Guard >= 0)
            {
                uint guard = Predicate(instruction->Guard);
                active &= instruction->GuardNegated ? ~guard : guard;
                if (active == 0)
                {
                    continue;
                }
            }

            // The compiler makes one loop that counts and one that does not: there, no instruction has to ask.
            if (typeof(TCounting) == typeof(Counted))
            {
                _instructions += (ulong)BitOperations.PopCount(active);
                _accessed = 0;
            }

            if (instruction->Control == Control.None)
            {
                instruction->Handler(this, instruction, active);
                if (typeof(TCounting) == typeof(Counted))
                {
                    _bytes += _accessed * (ulong)BitOperations.PopCount(active);
                }

                continue;
            }

            switch (instruction->Control)
            {
                case Control.Branch:
                    int target = instruction->Target;
                    if (active != mask)
                    {
                        warp.Add(pc, mask & ~active, LaneGroup.Runnable);
                        limit = Math.Min(limit, pc);
                        mask = active;
                    }

                    if (target < pc)
                    {
                        budget -= Polled ? PollCost : 1;
                        if (budget <= 0)
                        {
                            warp.Add(target, mask, LaneGroup.Runnable);
                            warp.YieldedAt = target;
                            warp.Spinning = Polled;
                            return Turn.Yielded;
                        }

                        limit = warp.GroupCount == 0 ? limit : warp.NextMeeting(target);
                    }

                    pc = target;
                    break;

                case Control.BranchTable:
                    Scatter(instruction, active);
                    goto SelectRest;

                case Control.Exit:
                    warp.Live &= ~active;
                    _cta.Exit(BitOperations.PopCount(active));
                    goto SelectRest;

                case Control.Barrier:
                    if (AtBarrier(instruction, active, pc))
                    {
                        goto SelectRest;
                    }

                    break;

                case Control.Converge:
                    uint ready = Converge(instruction, active, pc - 1);
                    if (ready == mask)
                    {
                        break;
                    }

                    if (ready != 0)
                    {
                        warp.Add(pc, ready, LaneGroup.Runnable);
                    }

                    // Threads that the call has joined to this group were elsewhere, not in mask.
                    goto SelectRest;

                case Control.ClusterWait:
                    active &= warp.ClusterArrived;
                    if (active == 0)
                    {
                        break;
                    }

                    warp.Add(pc, active, LaneGroup.Cluster);
                    goto SelectRest;

                SelectRest:
                    mask &= ~active;
                    if (mask != 0)
                    {
                        warp.Add(pc, mask, LaneGroup.Runnable);
                    }

                    goto Select;

                default:
                    throw new InvalidOperationException($"no such control: {instruction->Control}");
            }
        }

    Select:
        int next = warp.NextGroup();
        if (next < 0)
        {
            if (warp.Live == 0)
            {
                return Turn.Finished;
            }

            // Threads that have exited since cannot be waited for: those who wait look again, once.
            if (warp.LiveWhenConverging != warp.Live)
            {
                warp.LiveWhenConverging = warp.Live;
                if (warp.Release(LaneGroup.Converging))
                {
                    goto Select;
                }
            }

            return Turn.Blocked;
        }

        ran = true;
        LaneGroup group = warp.Remove(next);
        pc = group.Pc;
        mask = group.Mask;
        limit = warp.NextMeeting(pc);
        goto Step;
    }

    private readonly struct Counted;

    private readonly struct Uncounted;

    // brx.idx: every lane by itself.
    private void Scatter(Instruction* instruction, uint active)
    {
        uint* index = (uint*)Operand(instruction->A);
        int[] table = _launch.Code.BranchTable;
        while (active != 0)
        {
            uint value = index[BitOperations.TrailingZeroCount(active)];
            uint same = 0;
            for (uint rest = active; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                same |= index[lane] == value ? 1u << lane : 0;
            }

            if (value >= (uint)instruction->Aux)
            {
                Fault(DeviceFaultKind.IllegalInstruction, instruction, same, $"brx.idx with index {value} of {instruction->Aux}");
            }

            _warp.Add(table[instruction->Target + (int)value], same, LaneGroup.Runnable);
            active &= ~same;
        }
    }

    // Returns false where the threads need not wait.
    private bool AtBarrier(Instruction* instruction, uint active, int pc)
    {
        int first = BitOperations.TrailingZeroCount(active);
        uint barrier = ((uint*)Operand(instruction->A))[first];
        uint expected = ((uint*)Operand(instruction->B))[first];
        if (barrier >= Cta.BarrierCount || expected % 32 != 0)
        {
            Fault(DeviceFaultKind.IllegalInstruction, instruction, active, $"barrier {barrier} for {expected} threads");
        }

        if (instruction->Aux == (int)BarrierMode.Arrive)
        {
            _cta.Arrive((int)barrier, _warp, active, (int)expected);
            return false;
        }

        uint predicate = instruction->Aux == (int)BarrierMode.Reduce ? Predicate(instruction->C) : 0;
        _warp.Add(pc, active, (int)barrier);
        _cta.Wait((int)barrier, active, (int)expected, predicate);
        return true;
    }

    /// <summary>
    /// Returns the threads that may go on, joined by those that already waited here; the others wait. Every thread names the threads it
    /// needs; different ones may name different sets.
    /// </summary>
    private uint Converge(Instruction* instruction, uint active, int pc)
    {
        uint* members = (uint*)Operand(instruction->A);
        uint present = active | _warp.Join(pc, LaneGroup.Converging);
        uint absent = _warp.Live & ~present;
        if (absent == 0)
        {
            return present;
        }

        uint ready = 0;
        for (uint rest = present; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ready |= (members[lane] & absent) == 0 ? 1u << lane : 0;
        }

        if (ready != present)
        {
            _warp.LiveWhenConverging = _warp.Live;
            _warp.Add(pc, present & ~ready, LaneGroup.Converging);
        }

        return ready;
    }
}
