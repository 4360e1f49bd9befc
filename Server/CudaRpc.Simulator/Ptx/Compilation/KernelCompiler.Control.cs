using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Branches, barriers, calls.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileControl(string opcode, Modifiers modifiers)
    {
        modifiers.Take(".uni");
        switch (opcode)
        {
            case "bra":
                modifiers.Finish();
                ExpectOperands(1);
                EmitControl(Control.Branch, target: LabelOf(OperandAt(0).Name));
                break;
            case "brx":
                CompileBranchTable(modifiers);
                break;
            case "exit":
                modifiers.Finish();
                EmitControl(Control.Exit);
                break;
            case "ret":
                modifiers.Finish();
                EmitControl(_returnLabel == None ? Control.Exit : Control.Branch, target: _returnLabel == None ? 0 : _returnLabel);
                break;
            case "trap":
                modifiers.Finish();
                Emit(&CallHandlers.Trap);
                break;
            case "nanosleep":
                modifiers.TakeType();
                modifiers.Finish();
                ExpectOperands(1);
                Emit(&MemoryHandlers.Poll);
                break;
            case "call":
                CompileCall(modifiers);
                break;
            default:
                CompileBarrier(opcode, modifiers);
                break;
        }
    }

    private int LabelOf(string? name) =>
        name is not null && Find(name) is LabelSymbol label ? label.Number : throw Error($"{name} is not a label");

    // brx.idx a, table
    private void CompileBranchTable(Modifiers modifiers)
    {
        bool indexed = modifiers.Take(".idx");
        modifiers.Finish();
        ExpectOperands(2);
        string name = OperandAt(1).Name ?? "";
        if (!indexed || Find(name) is not TableSymbol table)
        {
            throw Error($"{name} is not a list of branch targets");
        }

        int start = _code.BranchTable.Count;
        foreach (string target in table.Targets)
        {
            _code.BranchTable.Add(LabelOf(target));
        }

        int index = Source(0, PtxType.U32);
        EmitControl(Control.BranchTable, target: start, a: index, aux: table.Targets.Count);
    }

    private void CompileBarrier(string opcode, Modifiers modifiers)
    {
        if (opcode == "bar" && modifiers.Take(".warp"))
        {
            bool sync = modifiers.Take(".sync");
            modifiers.Finish();
            ExpectOperands(1);
            _ = sync ? Converge(0) : throw Error("only bar.warp.sync is supported");
            return;
        }

        if (opcode == "barrier" && modifiers.Take(".cluster"))
        {
            CompileClusterBarrier(modifiers);
            return;
        }

        modifiers.Take(".cta");
        modifiers.Take(".aligned");
        string action = modifiers.TakeOneOf(".sync", ".arrive", ".red");
        if (action == ".red")
        {
            CompileBarrierReduction(modifiers);
            return;
        }

        modifiers.Finish();
        bool arrive = action == ".arrive";
        if (action == "" || Operands.Count is < 1 or > 2 || (arrive && Operands.Count != 2))
        {
            Unsupported("no such barrier");
        }

        int barrier = Source(0, PtxType.U32);
        int threads = Operands.Count == 2 ? Source(1, PtxType.U32) : _code.Constant(0, 32);
        EmitControl(Control.Barrier, a: barrier, b: threads, aux: (int)(arrive ? BarrierMode.Arrive : BarrierMode.Sync));
    }

    // bar.red.popc.u32 d, a[, b], [!]c; bar.red.and.pred p, a[, b], [!]c
    private void CompileBarrierReduction(Modifiers modifiers)
    {
        VoteMode? mode = modifiers.TakeOneOf(".popc", ".and", ".or") switch
        {
            ".popc" => VoteMode.Ballot,
            ".and" => VoteMode.All,
            ".or" => VoteMode.Any,
            _ => null,
        };
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        if (mode is null || type != (mode == VoteMode.Ballot ? PtxType.U32 : PtxType.Pred) || Operands.Count is < 3 or > 4)
        {
            Unsupported("no such reduction");
        }

        int barrier = Source(1, PtxType.U32);
        int threads = Operands.Count == 4 ? Source(2, PtxType.U32) : _code.Constant(0, 32);
        int predicate = PlainPredicate(OperandAt(Operands.Count - 1));
        EmitControl(Control.Barrier, a: barrier, b: threads, c: predicate, aux: (int)BarrierMode.Reduce);
        Emit(&WarpHandlers.BarrierResult, d0: Destination(0, type), a: barrier, aux: (int)mode.GetValueOrDefault());
    }

    // call[.uni] [(results),] function[, (arguments)]
    private void CompileCall(Modifiers modifiers)
    {
        modifiers.Finish();
        int next = Operands.Count != 0 && OperandAt(0).Kind == OperandKind.List ? 1 : 0;
        IReadOnlyList<OperandSyntax> results = next == 1 ? OperandAt(0).Elements : [];
        string name = OperandAt(next).Name ?? "";
        bool hasArguments = Operands.Count > next + 1;
        IReadOnlyList<OperandSyntax> arguments = hasArguments ? OperandAt(next + 1).Elements : [];
        if (Operands.Count == next + 3 && Find(name) is RegisterSymbol)
        {
            CompileIndirectCall(Source(next, PtxType.B64), results, arguments, OperandAt(next + 2));
            return;
        }

        if (Operands.Count > next + 2 || !_unit.TryFindFunction(name, out LinkUnit owner, out FunctionSyntax function) || function.IsEntry)
        {
            throw Error($"{name} is not a function of this module");
        }

        if (function.Parameters.Count != arguments.Count || function.Results.Count != results.Count)
        {
            throw Error($"function {name} has {function.Parameters.Count} parameters and {function.Results.Count} results");
        }

        if (function.Body is null)
        {
            CompileDriverCall(function, results, arguments);
            return;
        }

        if (_callStack.Exists(caller => ReferenceEquals(caller, function)))
        {
            throw Error($"recursion of {name} is not supported");
        }

        if (_callStack.Count >= MaximumCallDepth)
        {
            throw Error("calls are nested too deeply");
        }

        Inline(owner, function, results, arguments);
    }

    private void Inline(
        LinkUnit owner, FunctionSyntax function, IReadOnlyList<OperandSyntax> results, IReadOnlyList<OperandSyntax> arguments)
    {
        InstructionSyntax call = _instruction;
        int end = _code.NewLabel();
        int skip = _code.NewLabel();
        if (_guard != -1)
        {
            _guardNegated = !_guardNegated;
            EmitControl(Control.Branch, target: skip);
            _guard = -1;
        }

        var scope = new Scope(owner.Scope);
        var copies = new List<(RegisterSymbol From, int To)>();
        for (int i = 0; i < arguments.Count; i++)
        {
            BindParameter(scope, function.Parameters[i], arguments[i], isResult: false, copies);
        }

        for (int i = 0; i < results.Count; i++)
        {
            BindParameter(scope, function.Results[i], results[i], isResult: true, copies);
        }

        (LinkUnit outerUnit, Scope outerScope, int outerReturn) = (_unit, _scope, _returnLabel);
        (_unit, _scope, _returnLabel) = (owner, scope, end);
        _callStack.Add(function);
        try
        {
            CompileBlock(function.Body!);
        }
        catch (PtxException failure) when (failure.Locate(owner.Name))
        {
            throw;
        }

        _callStack.RemoveAt(_callStack.Count - 1);
        (_unit, _scope, _returnLabel) = (outerUnit, outerScope, outerReturn);
        _instruction = call;
        _guard = -1;
        _code.Place(end);
        foreach ((RegisterSymbol from, int to) in copies)
        {
            EmitMove(from.Type, to, from.Number);
        }

        _code.Place(skip);
    }

    // A .param is the caller's variable under another name; a .reg is a register that a mov fills or empties.
    private void BindParameter(
        Scope scope, VariableSyntax formal, OperandSyntax actual, bool isResult, List<(RegisterSymbol From, int To)> copies)
    {
        if (formal.Space == VariableSpace.Param)
        {
            if (actual.Name is null || Find(actual.Name) is not LocalSymbol { IsParameter: true } variable || variable.Size < formal.Size)
            {
                throw Error($"{actual} is no argument for {formal.Name}");
            }

            scope.Declare(formal.Name, variable, formal.Line);
            return;
        }

        if (formal.Space != VariableSpace.Register || formal.Type == PtxType.Pred)
        {
            throw Error($"parameter {formal.Name} is not supported");
        }

        RegisterSymbol register = NewRegister(formal.Type);
        scope.Declare(formal.Name, register, formal.Line);
        if (isResult)
        {
            copies.Add((register, Destination(actual, formal.Type)));
        }
        else
        {
            EmitMove(formal.Type, register.Number, Source(actual, formal.Type));
        }
    }

    // What the driver links to every module.
    private void CompileDriverCall(FunctionSyntax function, IReadOnlyList<OperandSyntax> results, IReadOnlyList<OperandSyntax> arguments)
    {
        switch (function.Name, arguments.Count, results.Count)
        {
            case ("vprintf", 2, 1):
                int result = ArgumentOffset(results[0], 4);
                int format = ArgumentOffset(arguments[0], 8);
                Emit(&CallHandlers.Printf, a: format, b: ArgumentOffset(arguments[1], 8), c: result);
                break;
            case ("__assertfail", 5, 0):
                int message = ArgumentOffset(arguments[0], 8);
                int file = ArgumentOffset(arguments[1], 8);
                int line = ArgumentOffset(arguments[2], 4);
                Emit(&CallHandlers.AssertFail, a: message, b: file, c: line, e: ArgumentOffset(arguments[3], 8));
                break;
            default:
                throw Error($"function {function.Name} is not defined in this module");
        }
    }

    private int ArgumentOffset(OperandSyntax operand, ulong size)
    {
        return operand.Name is not null && Find(operand.Name) is LocalSymbol { IsParameter: true } variable && variable.Size >= size
            ? _code.Constant((ulong)variable.Offset, 64)
            : throw Error($"{operand} is no argument of {size} bytes");
    }
}
