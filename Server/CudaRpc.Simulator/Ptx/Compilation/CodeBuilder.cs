using CudaRpc.Simulator.Ptx.Execution;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Which operand fields of an instruction are read and written; for liveness.</summary>
[Flags]
internal enum Roles
{
    None = 0,
    WritesD0 = 1,
    WritesD1 = 2,
    WritesD2 = 4,
    WritesD3 = 8,
    ReadsD0 = 16,
    ReadsD1 = 32,
    ReadsD2 = 64,
    ReadsD3 = 128,
    ReadsA = 256,
    ReadsB = 512,
    ReadsC = 1024,
    ReadsE = 2048,
}

/// <summary>
/// The code of one kernel while it grows: instructions over virtual registers (numbers from 0) and constants (from -1 down), branches to
/// labels by number.
/// </summary>
internal sealed class CodeBuilder
{
    private readonly Dictionary<KernelConstant, int> _constantNumbers = [];
    private readonly List<int> _labels = [];

    public List<Instruction> Instructions { get; } = [];

    /// <summary>Beside <see cref="Instructions"/>.</summary>
    public List<Roles> Roles { get; } = [];

    /// <summary>Beside <see cref="Instructions"/>: PTX lines.</summary>
    public List<int> Lines { get; } = [];

    /// <summary>Width in bits of each virtual register; 1 for predicates.</summary>
    public List<int> RegisterWidths { get; } = [];

    public List<KernelConstant> Constants { get; } = [];

    /// <summary>Label numbers of all brx.idx.</summary>
    public List<int> BranchTable { get; } = [];

    /// <summary>Memory instructions so far; each has an entry in the workers' caches.</summary>
    public int CacheEntries { get; set; }

    public int NewRegister(int width)
    {
        RegisterWidths.Add(width);
        return RegisterWidths.Count - 1;
    }

    public int Constant(ulong bits, int width) => Constant(new KernelConstant(null, bits, width));

    public int Constant(KernelConstant constant)
    {
        if (!_constantNumbers.TryGetValue(constant, out int number))
        {
            Constants.Add(constant);
            number = -Constants.Count;
            _constantNumbers.Add(constant, number);
        }

        return number;
    }

    public int NewLabel()
    {
        _labels.Add(-1);
        return _labels.Count - 1;
    }

    /// <summary>Puts a label before the next instruction.</summary>
    public void Place(int label) => _labels[label] = Instructions.Count;

    /// <summary>Index of the instruction at a label.</summary>
    public int PositionOf(int label) => _labels[label];

    public void Emit(in Instruction instruction, Roles roles, int line)
    {
        Instructions.Add(instruction);
        Roles.Add(roles);
        Lines.Add(line);
    }
}
