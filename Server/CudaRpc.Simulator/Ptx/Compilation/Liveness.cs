using System.Numerics;
using CudaRpc.Simulator.Ptx.Execution;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>
/// When each virtual register holds a value that is still wanted: one interval of positions, 2i where instruction i reads, 2i + 1 where it
/// writes. By the usual backward data flow over basic blocks; registers that live within one block stay out of it.
/// </summary>
internal sealed class Liveness
{
    private const long MaximumWords = 32L << 20;

    private readonly CodeBuilder _code;
    private readonly List<Instruction> _instructions;
    private readonly List<int> _blockStarts = [];
    private readonly List<int>[] _successors;
    private readonly int[] _global;
    private int _globalCount;

    public Liveness(CodeBuilder code)
    {
        _code = code;
        _instructions = code.Instructions;
        _global = new int[code.RegisterWidths.Count];
        Starts = new int[_global.Length];
        Ends = new int[_global.Length];
        Array.Fill(Starts, int.MaxValue);
        Array.Fill(Ends, -1);
        int[] blockOf = FindBlocks();
        _successors = FindSuccessors(blockOf);
        NumberGlobals(blockOf);
        int words = (_globalCount + 63) / 64;
        if ((long)words * _blockStarts.Count > MaximumWords)
        {
            throw new PtxException("a function has too many registers and branches", code.Lines[0]);
        }

        ExtendOverBlocks(words);
    }

    /// <summary>First position at which each register is live; int.MaxValue if it never is.</summary>
    public int[] Starts { get; }

    /// <summary>Last position at which each register is live.</summary>
    public int[] Ends { get; }

    /// <summary>Registers that an instruction reads, constants left out.</summary>
    public static void Reads(in Instruction instruction, Roles roles, List<int> registers)
    {
        registers.Clear();
        Collect(roles.HasFlag(Roles.ReadsD0), instruction.D0, registers);
        Collect(roles.HasFlag(Roles.ReadsD1), instruction.D1, registers);
        Collect(roles.HasFlag(Roles.ReadsD2), instruction.D2, registers);
        Collect(roles.HasFlag(Roles.ReadsD3), instruction.D3, registers);
        Collect(roles.HasFlag(Roles.ReadsA), instruction.A, registers);
        Collect(roles.HasFlag(Roles.ReadsB), instruction.B, registers);
        Collect(roles.HasFlag(Roles.ReadsC), instruction.C, registers);
        Collect(roles.HasFlag(Roles.ReadsE), instruction.E, registers);
        Collect(true, instruction.Guard, registers);
    }

    private static void Writes(in Instruction instruction, Roles roles, List<int> registers)
    {
        registers.Clear();
        Collect(roles.HasFlag(Roles.WritesD0), instruction.D0, registers);
        Collect(roles.HasFlag(Roles.WritesD1), instruction.D1, registers);
        Collect(roles.HasFlag(Roles.WritesD2), instruction.D2, registers);
        Collect(roles.HasFlag(Roles.WritesD3), instruction.D3, registers);
    }

    private static void Collect(bool used, int operand, List<int> registers)
    {
        if (used && operand >= 0)
        {
            registers.Add(operand);
        }
    }

    private int[] FindBlocks()
    {
        var leaders = new bool[_instructions.Count + 1];
        leaders[0] = true;
        for (int i = 0; i < _instructions.Count; i++)
        {
            Instruction instruction = _instructions[i];
            if (instruction.Control is Control.Branch or Control.BranchTable or Control.Exit)
            {
                leaders[i + 1] = true;
                foreach (int target in Targets(instruction))
                {
                    leaders[target] = true;
                }
            }
        }

        var blockOf = new int[_instructions.Count];
        for (int i = 0; i < _instructions.Count; i++)
        {
            if (leaders[i])
            {
                _blockStarts.Add(i);
            }

            blockOf[i] = _blockStarts.Count - 1;
        }

        return blockOf;
    }

    private IEnumerable<int> Targets(Instruction instruction) => instruction.Control switch
    {
        Control.Branch => [_code.PositionOf(instruction.Target)],
        Control.BranchTable => Enumerable.Range(instruction.Target, instruction.Aux).Select(i => _code.PositionOf(_code.BranchTable[i])),
        _ => [],
    };

    private int BlockEnd(int block) => block + 1 < _blockStarts.Count ? _blockStarts[block + 1] : _instructions.Count;

    private List<int>[] FindSuccessors(int[] blockOf)
    {
        var successors = new List<int>[_blockStarts.Count];
        for (int block = 0; block < successors.Length; block++)
        {
            int last = BlockEnd(block) - 1;
            Instruction instruction = _instructions[last];
            successors[block] = [.. Targets(instruction).Select(target => blockOf[target])];
            bool leaves = instruction.Control is Control.Branch or Control.BranchTable or Control.Exit && instruction.Guard < 0;
            if (!leaves && block + 1 < successors.Length)
            {
                successors[block].Add(block + 1);
            }
        }

        return successors;
    }

    // A register takes part in the data flow if blocks share it, or if its only block may read it before writing it.
    private void NumberGlobals(int[] blockOf)
    {
        const int Unseen = -1;
        const int Shared = -2;
        var home = new int[_global.Length];
        Array.Fill(home, Unseen);
        var registers = new List<int>();
        for (int i = 0; i < _instructions.Count; i++)
        {
            Instruction instruction = _instructions[i];
            Reads(instruction, _code.Roles[i], registers);
            foreach (int register in registers)
            {
                home[register] = home[register] == blockOf[i] ? blockOf[i] : Shared;
                Extend(register, 2 * i);
            }

            Writes(instruction, _code.Roles[i], registers);
            foreach (int register in registers)
            {
                bool first = home[register] == Unseen && instruction.Guard < 0;
                home[register] = first || home[register] == blockOf[i] ? blockOf[i] : Shared;
                Extend(register, 2 * i + 1);
            }
        }

        for (int register = 0; register < home.Length; register++)
        {
            _global[register] = home[register] == Shared ? _globalCount++ : -1;
        }
    }

    private void Extend(int register, int position)
    {
        Starts[register] = Math.Min(Starts[register], position);
        Ends[register] = Math.Max(Ends[register], position);
    }

    private void ExtendOverBlocks(int words)
    {
        var liveIn = new ulong[_blockStarts.Count][];
        var kills = new ulong[_blockStarts.Count][];
        for (int block = 0; block < liveIn.Length; block++)
        {
            (liveIn[block], kills[block]) = Summarise(block, words);
        }

        var liveOut = Solve(liveIn, kills, words);
        int[] registerOf = new int[_globalCount];
        for (int register = 0; register < _global.Length; register++)
        {
            if (_global[register] >= 0)
            {
                registerOf[_global[register]] = register;
            }
        }

        for (int block = 0; block < liveIn.Length; block++)
        {
            int first = 2 * _blockStarts[block];
            int last = 2 * BlockEnd(block) - 1;
            for (int word = 0; word < words; word++)
            {
                for (ulong bits = liveIn[block][word]; bits != 0; bits &= bits - 1)
                {
                    Extend(registerOf[word * 64 + BitOperations.TrailingZeroCount(bits)], first);
                }

                for (ulong bits = liveOut[block][word]; bits != 0; bits &= bits - 1)
                {
                    Extend(registerOf[word * 64 + BitOperations.TrailingZeroCount(bits)], last);
                }
            }
        }
    }

    // What a block reads before writing it, and what it writes for certain.
    private (ulong[] Reads, ulong[] Kills) Summarise(int block, int words)
    {
        var reads = new ulong[words];
        var kills = new ulong[words];
        var registers = new List<int>();
        for (int i = _blockStarts[block]; i < BlockEnd(block); i++)
        {
            Instruction instruction = _instructions[i];
            Reads(instruction, _code.Roles[i], registers);
            foreach (int register in registers)
            {
                int number = _global[register];
                if (number >= 0 && (kills[number / 64] & (1UL << number)) == 0)
                {
                    reads[number / 64] |= 1UL << number;
                }
            }

            Writes(instruction, _code.Roles[i], registers);
            foreach (int register in registers)
            {
                int number = _global[register];
                if (number >= 0 && instruction.Guard < 0)
                {
                    kills[number / 64] |= 1UL << number;
                }
            }
        }

        return (reads, kills);
    }

    // Fixpoint of liveOut = union of the successors' liveIn, liveIn |= liveOut without what the block kills.
    private ulong[][] Solve(ulong[][] liveIn, ulong[][] kills, int words)
    {
        var liveOut = new ulong[liveIn.Length][];
        for (int block = 0; block < liveOut.Length; block++)
        {
            liveOut[block] = new ulong[words];
        }

        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int block = liveIn.Length - 1; block >= 0; block--)
            {
                foreach (int successor in _successors[block])
                {
                    for (int word = 0; word < words; word++)
                    {
                        ulong added = liveIn[successor][word] & ~liveOut[block][word];
                        if (added != 0)
                        {
                            liveOut[block][word] |= added;
                            liveIn[block][word] |= added & ~kills[block][word];
                            changed = true;
                        }
                    }
                }
            }
        }

        return liveOut;
    }
}
