using CudaRpc.Simulator.Ptx.Execution;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>
/// Gives every virtual register a place in the warp's register file and every constant one in the pool, and writes both into the
/// instructions. Registers of one width that are never live together share a place (linear scan): few places stay in the host's
/// first cache.
/// </summary>
internal sealed class RegisterAllocator(CodeBuilder code, int sharedBytes, int localBytes)
{
    /// <summary>Symbol of constants that are relative to the end of the kernel's static shared memory.</summary>
    public const string DynamicShared = ".dynamic";

    private const int MaximumRegisterBytes = 1 << 20;

    private static readonly int[] s_widths = [1, 16, 32, 64];

    private readonly int[] _offsets = new int[code.RegisterWidths.Count];
    private readonly int[] _slots = new int[65];

    /// <summary>
    /// Allocates and returns the finished code. <paramref name="registers"/> is the estimate for the kernel's attributes.
    /// </summary>
    public KernelCode Finish(out int registers)
    {
        int registerBytes = AssignRegisters();
        registers = Math.Clamp(_slots[32] + 2 * _slots[64] + _slots[16], 8, 255);
        int[] constants = ConstantOffsets();
        Instruction[] instructions = GC.AllocateUninitializedArray<Instruction>(code.Instructions.Count, pinned: true);
        for (int i = 0; i < instructions.Length; i++)
        {
            instructions[i] = Place(code.Instructions[i], code.Roles[i], constants);
        }

        return new KernelCode
        {
            Instructions = instructions,
            Lines = [.. code.Lines],
            BranchTable = [.. code.BranchTable.Select(code.PositionOf)],
            Constants = [.. code.Constants.Select(Resolve)],
            RegisterBytes = registerBytes,
            CacheEntries = code.CacheEntries,
            LocalStride = (localBytes + 15) & -16,
        };
    }

    private static int SlotBytes(int width) => width == 1 ? sizeof(uint) : 32 * width / 8;

    private KernelConstant Resolve(KernelConstant constant) =>
        constant.Symbol == DynamicShared ? constant with { Symbol = null, Bits = constant.Bits + (ulong)sharedBytes } : constant;

    private int AssignRegisters()
    {
        var liveness = new Liveness(code);
        int[] order = [.. Enumerable.Range(0, _offsets.Length).Where(register => liveness.Ends[register] >= 0)];
        Array.Sort(order, (a, b) => (liveness.Starts[a], a).CompareTo((liveness.Starts[b], b)));
        int start = 0;
        foreach (int width in s_widths)
        {
            _slots[width] = AssignWidth(width, order, liveness);
            foreach (int register in order)
            {
                if (code.RegisterWidths[register] == width)
                {
                    _offsets[register] = start + _offsets[register] * SlotBytes(width);
                }
            }

            long end = start + (long)_slots[width] * SlotBytes(width);
            start = end <= MaximumRegisterBytes
                ? (int)(end + 63) & -64
                : throw new PtxException("a kernel has too many registers", code.Lines[0]);
        }

        return start;
    }

    private int AssignWidth(int width, int[] order, Liveness liveness)
    {
        var active = new PriorityQueue<int, int>();
        var free = new PriorityQueue<int, int>();
        int slots = 0;
        foreach (int register in order)
        {
            if (code.RegisterWidths[register] != width)
            {
                continue;
            }

            while (active.TryPeek(out int done, out int end) && end < liveness.Starts[register])
            {
                active.Dequeue();
                free.Enqueue(done, done);
            }

            int slot = free.TryDequeue(out int reused, out _) ? reused : slots++;
            _offsets[register] = slot;
            active.Enqueue(slot, liveness.Ends[register]);
        }

        return slots;
    }

    private int[] ConstantOffsets()
    {
        var offsets = new int[code.Constants.Count];
        int offset = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            offset -= ConstantPool.Bytes(code.Constants[i].Width);
            offsets[i] = offset;
        }

        return offsets;
    }

    private Instruction Place(Instruction instruction, Roles roles, int[] constants)
    {
        instruction.D0 = Offset(instruction.D0, roles, Roles.WritesD0 | Roles.ReadsD0, constants);
        instruction.D1 = Offset(instruction.D1, roles, Roles.WritesD1 | Roles.ReadsD1, constants);
        instruction.D2 = Offset(instruction.D2, roles, Roles.WritesD2 | Roles.ReadsD2, constants);
        instruction.D3 = Offset(instruction.D3, roles, Roles.WritesD3 | Roles.ReadsD3, constants);
        instruction.A = Offset(instruction.A, roles, Roles.ReadsA, constants);
        instruction.B = Offset(instruction.B, roles, Roles.ReadsB, constants);
        instruction.C = Offset(instruction.C, roles, Roles.ReadsC, constants);
        instruction.E = Offset(instruction.E, roles, Roles.ReadsE, constants);
        instruction.Guard = instruction.Guard < 0 ? -1 : _offsets[instruction.Guard];
        if (instruction.Control == Control.Branch)
        {
            instruction.Target = code.PositionOf(instruction.Target);
        }

        return instruction;
    }

    // Fields without a role stay harmless: handlers may compute a pointer from them, but not use it.
    private int Offset(int operand, Roles roles, Roles any, int[] constants)
    {
        if ((roles & any) == 0)
        {
            return 0;
        }

        return operand >= 0 ? _offsets[operand] : constants[-1 - operand];
    }
}
