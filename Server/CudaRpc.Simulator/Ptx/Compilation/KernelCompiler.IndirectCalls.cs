using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Linking;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Calls of an address in a register: virtual functions, function pointers.</summary>
internal sealed unsafe partial class KernelCompiler
{
    // call (results), address, (arguments), prototype: if (address == f) f(...); else if (address == g) g(...); else fault.
    private void CompileIndirectCall(
        int address, IReadOnlyList<OperandSyntax> results, IReadOnlyList<OperandSyntax> arguments, OperandSyntax shape)
    {
        InstructionSyntax call = _instruction;
        Func<LinkedFunction, bool> suits = SuitableFor(shape, results.Count, arguments.Count);
        int end = _code.NewLabel();
        if (_guard != -1)
        {
            _guardNegated = !_guardNegated;
            EmitControl(Control.Branch, target: end);
            _guard = -1;
        }

        int isThis = _code.NewRegister(1);
        for (int i = 0; i < _unit.Pointers.Functions.Count; i++)
        {
            LinkedFunction candidate = _unit.Pointers.Functions[i];
            // One that is being called already is recursion: reached, it is a fault like an address that is no function.
            bool isRunning = _callStack.Exists(caller => ReferenceEquals(caller, candidate.Syntax));
            if (candidate.Syntax.IsEntry || isRunning || _callStack.Count >= MaximumCallDepth || !suits(candidate))
            {
                continue;
            }

            int next = _code.NewLabel();
            Emit(&Lanes.VectorCompare<ulong, Equal<ulong>>, d0: isThis, a: address, b: _code.Constant(FunctionPointers.AddressAt(i), 64));
            (_guard, _guardNegated) = (isThis, true);
            EmitControl(Control.Branch, target: next);
            _guard = -1;
            Inline(candidate.Unit, candidate.Syntax, results, arguments);
            EmitControl(Control.Branch, target: end);
            _code.Place(next);
            _instruction = call;
        }

        Emit(&CallHandlers.NoFunction, a: address);
        _code.Place(end);
    }

    private Func<LinkedFunction, bool> SuitableFor(OperandSyntax shape, int results, int arguments)
    {
        Symbol? symbol = shape.Name is null ? null : Find(shape.Name);
        if (symbol is CallTargetsSymbol targets)
        {
            return candidate => targets.Targets.Contains(candidate.Syntax.Name)
                && candidate.Syntax.Results.Count == results && candidate.Syntax.Parameters.Count == arguments;
        }

        if (symbol is not PrototypeSymbol { Syntax: var prototype })
        {
            throw Error($"{shape} is no prototype and no list of targets");
        }

        if (prototype.Results.Count != results || prototype.Parameters.Count != arguments)
        {
            throw Error($"{shape} has {prototype.Parameters.Count} parameters and {prototype.Results.Count} results");
        }

        return candidate => AreAlike(candidate.Syntax.Results, prototype.Results) && AreAlike(candidate.Syntax.Parameters, prototype.Parameters);
    }

    // Types may differ in sign; how a parameter is passed, and its size, may not.
    private static bool AreAlike(IReadOnlyList<VariableSyntax> left, IReadOnlyList<VariableSyntax> right) =>
        left.Count == right.Count && left.Zip(right).All(static pair => pair.First.Space == pair.Second.Space && pair.First.Size == pair.Second.Size);
}
