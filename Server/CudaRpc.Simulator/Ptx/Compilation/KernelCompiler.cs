using System.Diagnostics.CodeAnalysis;
using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>
/// Turns one .entry function into <see cref="KernelCode"/>. Device functions are compiled into their callers, each call anew: kernels have
/// no call stack, and recursion is refused. This part: names, scopes and statements; the others compile instructions by family.
/// </summary>
internal sealed unsafe partial class KernelCompiler
{
    // Nothing a compiler makes comes near these; they bound what a hostile text can make of nested calls.
    private const int MaximumInstructions = 1 << 21;
    private const int MaximumCallDepth = 64;
    private const int MaximumLocalBytes = 512 * 1024;

    /// <summary>No operand.</summary>
    private const int None = int.MinValue;

    private readonly CodeBuilder _code = new();
    private readonly Dictionary<VariableSyntax, int> _sharedOffsets = new(ReferenceEqualityComparer.Instance);
    private readonly List<FunctionSyntax> _callStack = [];
    private LinkUnit _unit;
    private Scope _scope;
    private int _localTop;
    private int _localBytes;
    private ulong _sharedBytes;
    private int _dynamicSharedAlignment;
    private int _returnLabel;
    private int _carry = None;
    private int _guard = -1;
    private bool _guardNegated;
    private InstructionSyntax _instruction = null!;

    private KernelCompiler(LinkUnit unit)
    {
        _unit = unit;
        _scope = unit.Scope;
    }

    /// <summary>Compiles a kernel of <paramref name="unit"/>, whose names it may use.</summary>
    public static PtxKernel Compile(LinkUnit unit, FunctionSyntax function)
    {
        var compiler = new KernelCompiler(unit);
        try
        {
            return compiler.CompileKernel(function);
        }
        catch (PtxException failure) when (failure.Locate(unit.Name))
        {
            throw;
        }
    }

    private PtxKernel CompileKernel(FunctionSyntax function)
    {
        _scope = new Scope(_scope);
        var parameters = new List<PtxParameter>();
        int parameterBytes = 0;
        foreach (VariableSyntax variable in function.Parameters)
        {
            if (variable.Space != VariableSpace.Param || variable.Size > 32764)
            {
                throw new PtxException($"parameter {variable.Name} of kernel {function.Name} is not supported", variable.Line);
            }

            int offset = RoundUp(parameterBytes, variable.Alignment);
            parameters.Add(new PtxParameter(variable.Name, offset, (int)variable.Size, variable.Alignment));
            _scope.Declare(variable.Name, new ParameterSymbol(offset, variable.Size), variable.Line);
            parameterBytes = offset + (int)variable.Size;
        }

        _callStack.Add(function);
        _returnLabel = None;
        _instruction = new InstructionSyntax("ret", [], [], function.Line);
        CompileBlock(function.Body!);
        _guard = -1;
        EmitControl(Control.Exit);
        int sharedBytes = FinishShared(function);
        KernelCode code = new RegisterAllocator(_code, sharedBytes, _localBytes).Finish(out int registers);
        return new PtxKernel(function.Name, code)
        {
            Parameters = parameters,
            ParameterBytes = parameterBytes,
            SharedBytes = sharedBytes,
            LocalBytes = _localBytes,
            Registers = registers,
            MaxThreads = function.MaximumBlock is { } block ? (int)Math.Min((ulong)block.X * block.Y * block.Z, int.MaxValue) : 0,
            RequiredCluster = function.RequiredCluster,
            ClusterIsRequired = function.ClusterIsRequired,
            RequiredBlock = function.BlockIsRequired ? function.MaximumBlock : null,
        };
    }

    private int FinishShared(FunctionSyntax function)
    {
        ulong bytes = _dynamicSharedAlignment == 0 ? _sharedBytes : RoundUp(_sharedBytes, _dynamicSharedAlignment);
        return bytes <= 1 << 20
            ? (int)bytes
            : throw new PtxException($"kernel {function.Name} has {bytes} bytes of shared memory", function.Line);
    }

    private void CompileBlock(BlockSyntax block)
    {
        Scope outer = _scope;
        int localTop = _localTop;
        _scope = new Scope(outer);
        foreach (StatementSyntax statement in block.Statements)
        {
            if (statement is LabelSyntax label)
            {
                _scope.Declare(label.Name, new LabelSymbol(_code.NewLabel()), label.Line);
            }
            else if (statement is BranchTargetsSyntax table)
            {
                _scope.Declare(table.Name, new TableSymbol(table.Targets), table.Line);
            }
            else if (statement is CallPrototypeSyntax prototype)
            {
                _scope.Declare(prototype.Name, new PrototypeSymbol(prototype), prototype.Line);
            }
            else if (statement is CallTargetsSyntax targets)
            {
                _scope.Declare(targets.Name, new CallTargetsSymbol(targets.Targets), targets.Line);
            }
        }

        foreach (StatementSyntax statement in block.Statements)
        {
            CompileStatement(statement);
        }

        _scope = outer;
        _localTop = localTop;
    }

    private void CompileStatement(StatementSyntax statement)
    {
        switch (statement)
        {
            case InstructionSyntax instruction:
                CompileGuarded(instruction);
                break;
            case LabelSyntax label:
                _code.Place(((LabelSymbol)Find(label.Name)!).Number);
                break;
            case BlockSyntax block:
                CompileBlock(block);
                break;
            case DeclarationSyntax declaration:
                foreach (VariableSyntax variable in declaration.Variables)
                {
                    Declare(variable);
                }

                break;
        }
    }

    private void CompileGuarded(InstructionSyntax instruction)
    {
        if (_code.Instructions.Count > MaximumInstructions)
        {
            throw new PtxException($"kernel {_callStack[0].Name} has too many instructions, calls included", instruction.Line);
        }

        _instruction = instruction;
        _guard = -1;
        if (instruction.Guard is not null)
        {
            _guardNegated = instruction.GuardNegated;
            _guard = FindRegister(instruction.Guard, PtxType.Pred).Number;
        }

        CompileInstruction(instruction);
    }

    private void Declare(VariableSyntax variable)
    {
        switch (variable.Space)
        {
            case VariableSpace.Register when variable.RangeCount != 0:
                _scope.Declare(variable.Name, new RangeSymbol(variable.RangeCount, variable.Type), variable.Line);
                break;
            case VariableSpace.Register:
                _scope.Declare(variable.Name, NewRegister(variable.Type), variable.Line);
                break;
            case VariableSpace.Local or VariableSpace.Param:
                bool isParameter = variable.Space == VariableSpace.Param;
                _scope.Declare(variable.Name, new LocalSymbol(AllocateLocal(variable), variable.Size, isParameter), variable.Line);
                break;
            default:
                _scope.Declare(variable.Name, new SharedSymbol(variable), variable.Line);
                break;
        }
    }

    // Callers' variables lie below those of the functions they call; what a scope used is free again after it.
    private int AllocateLocal(VariableSyntax variable)
    {
        int offset = RoundUp(_localTop, variable.Alignment);
        if (variable.Size > MaximumLocalBytes || offset + (int)variable.Size > MaximumLocalBytes)
        {
            throw new PtxException($"{variable.Name} exceeds the {MaximumLocalBytes} bytes of a thread's local memory", variable.Line);
        }

        _localTop = offset + (int)variable.Size;
        _localBytes = Math.Max(_localBytes, _localTop);
        return offset;
    }

    private KernelConstant SharedAddress(SharedSymbol symbol, ulong addend)
    {
        VariableSyntax variable = symbol.Declaration;
        if (variable.IsExtern || variable.Size == 0)
        {
            _dynamicSharedAlignment = Math.Max(_dynamicSharedAlignment, Math.Max(variable.Alignment, 16));
            return new KernelConstant(RegisterAllocator.DynamicShared, addend, 64);
        }

        if (!_sharedOffsets.TryGetValue(variable, out int offset))
        {
            ulong start = RoundUp(_sharedBytes, variable.Alignment);
            if (variable.Size > 1 << 20 || start > 1 << 20)
            {
                throw new PtxException($"shared variable {variable.Name} is too large", variable.Line);
            }

            offset = (int)start;
            _sharedOffsets.Add(variable, offset);
            _sharedBytes = start + variable.Size;
        }

        return new KernelConstant(null, (ulong)offset + addend, 64);
    }

    private RegisterSymbol NewRegister(PtxType type) => new(_code.NewRegister(type == PtxType.Pred ? 1 : type.Bits), type);

    private Symbol? Find(string name) => _scope.Find(name, NewRegister);

    private RegisterSymbol FindRegister(string name, PtxType type)
    {
        if (Find(name) is not RegisterSymbol register)
        {
            throw Error($"{name} is not a register");
        }

        bool fits = type == PtxType.Pred ? register.Type == PtxType.Pred : register.Type != PtxType.Pred && register.Type.Bits == type.Bits;
        return fits ? register : throw Error($"register {name} is {register.Type.Word}, not {type.Word}");
    }

    private PtxException Error(string message) => new($"{_instruction.FullOpcode}: {message}", _instruction.Line);

    [DoesNotReturn]
    private void Unsupported(string why) => throw new PtxException($"{_instruction.FullOpcode} is not supported: {why}", _instruction.Line);

    private static int RoundUp(int value, int alignment) => (value + alignment - 1) & -alignment;

    private static ulong RoundUp(ulong value, int alignment) => (value + (ulong)alignment - 1) & ~((ulong)alignment - 1);
}
