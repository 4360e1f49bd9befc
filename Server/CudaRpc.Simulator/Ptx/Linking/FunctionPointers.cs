using CudaRpc.Simulator.Ptx.Compilation;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Linking;

/// <summary>
/// The functions of a module whose addresses its texts take, and what stands for those addresses: numbers that are no memory of anybody. Calls are
/// compiled into their callers, so an indirect one compares its address with all that it can be.
/// </summary>
internal sealed class FunctionPointers
{
    // Below all device memory, beyond all offsets.
    private const ulong First = 0x0100_0000_0000;
    private const ulong Stride = 16;

    private readonly List<LinkedFunction> _functions = [];

    /// <summary>In the order of their addresses.</summary>
    public IReadOnlyList<LinkedFunction> Functions => _functions;

    /// <summary>What stands for the address of the function at <paramref name="index"/> of <see cref="Functions"/>.</summary>
    public static ulong AddressAt(int index) => First + ((ulong)index * Stride);

    /// <summary>What stands for the address of a function; from now on it is one that indirect calls may mean.</summary>
    public ulong Take(LinkUnit owner, FunctionSyntax function)
    {
        int index = _functions.FindIndex(known => ReferenceEquals(known.Syntax, function));
        if (index < 0)
        {
            index = _functions.Count;
            _functions.Add(new LinkedFunction(owner, function));
        }

        return AddressAt(index);
    }

    /// <summary>Takes the addresses of all functions that <paramref name="block"/>, a body in <paramref name="unit"/>, names other than to call them.</summary>
    public void TakeAll(LinkUnit unit, BlockSyntax block)
    {
        foreach (StatementSyntax statement in block.Statements)
        {
            if (statement is BlockSyntax inner)
            {
                TakeAll(unit, inner);
            }
            else if (statement is InstructionSyntax { Opcode: not "call" } instruction)
            {
                TakeOperands(unit, instruction.Operands);
            }
        }
    }

    private void TakeOperands(LinkUnit unit, IReadOnlyList<OperandSyntax> operands)
    {
        foreach (OperandSyntax operand in operands)
        {
            if (operand is { Kind: OperandKind.Name, Name: { } name } && unit.TryFindFunction(name, out LinkUnit owner, out FunctionSyntax function)
                && function is { IsEntry: false, Body: not null })
            {
                Take(owner, function);
            }

            TakeOperands(unit, operand.Elements);
        }
    }
}
