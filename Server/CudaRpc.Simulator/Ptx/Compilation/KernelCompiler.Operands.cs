using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Operands, and putting instructions together from them.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private IReadOnlyList<OperandSyntax> Operands => _instruction.Operands;

    private void ExpectOperands(int count)
    {
        if (Operands.Count != count)
        {
            throw Error($"{count} operands expected, {Operands.Count} given");
        }
    }

    /// <summary>
    /// Operand <paramref name="index"/> as a source of <paramref name="type"/>: register, constant, special register or address.
    /// </summary>
    private int Source(int index, PtxType type) => Source(OperandAt(index), type);

    private int Source(OperandSyntax operand, PtxType type)
    {
        if (operand.Kind == OperandKind.Name && !operand.Negated)
        {
            return NamedSource(operand, type);
        }

        ulong bits = Parser.ConstantBits(operand, type) ?? throw Error($"{operand} is no operand of type {type.Word}");
        return _code.Constant(bits, type.Bits);
    }

    private int NamedSource(OperandSyntax operand, PtxType type)
    {
        string name = operand.Name!;
        if (SpecialRegisters.TryFind(name, out SpecialRegister special, out bool wide))
        {
            return ReadSpecial(special, wide, type);
        }

        if (type.Bits == 64 && Find(name) is null && _unit.TryFindFunction(name, out LinkUnit owner, out FunctionSyntax function)
            && function is { IsEntry: false, Body: not null })
        {
            return _code.Constant(_unit.Pointers.Take(owner, function) + operand.Bits, 64);
        }

        if (Find(name) is not (null or RegisterSymbol))
        {
            return AddressConstant(operand, type.Bits);
        }

        return operand.Bits == 0 ? FindRegister(name, type).Number : throw Error($"{operand} is not supported");
    }

    private int ReadSpecial(SpecialRegister special, bool wide, PtxType type)
    {
        bool fits = wide ? type.Bits is 32 or 64 : type.Bits is 16 or 32 or 64;
        if (!fits)
        {
            throw Error($"a special register is no operand of type {type.Word}");
        }

        int width = wide && type.Bits == 64 ? 64 : 32;
        int register = _code.NewRegister(width);
        Emit(width == 64 ? &SpecialRegisters.Read64 : &SpecialRegisters.Read32, d0: register, aux: (int)special);
        if (type.Bits == width)
        {
            return register;
        }

        int converted = _code.NewRegister(type.Bits);
        Emit(type.Bits == 64 ? &WideningHandlers.U32ToU64 : &Lanes.Map1<uint, ushort, Truncate<uint, ushort>>, d0: converted, a: register);
        return converted;
    }

    /// <summary>The address of a variable, in its own state space; for device variables that is the generic address.</summary>
    private int AddressConstant(OperandSyntax operand, int width)
    {
        KernelConstant address = Find(operand.Name!) switch
        {
            DeviceSymbol device => new KernelConstant(device.Name, operand.Bits, 64),
            SharedSymbol shared => SharedAddress(shared, operand.Bits),
            LocalSymbol { IsParameter: false } local => new KernelConstant(null, (ulong)local.Offset + operand.Bits, 64),
            ParameterSymbol parameter => new KernelConstant(null, (ulong)parameter.Offset + operand.Bits, 64),
            _ => throw Error($"the address of {operand.Name} is not supported"),
        };
        bool fits = width == 64 || (width == 32 && address.Symbol is null or RegisterAllocator.DynamicShared);
        return fits ? _code.Constant(address with { Width = width }) : throw Error($"the address of {operand.Name} needs 64 bits");
    }

    /// <summary>A register of any width, for the instructions that extend and truncate; <paramref name="width"/> is that width.</summary>
    private int AnyRegister(OperandSyntax operand, int leastWidth, out int width)
    {
        if (operand.Kind != OperandKind.Name || operand.Negated || operand.Bits != 0)
        {
            throw Error($"{operand} is not a register");
        }

        if (operand.Name == "_")
        {
            width = Math.Max(leastWidth, 16);
            return _code.NewRegister(width);
        }

        if (Find(operand.Name!) is not RegisterSymbol register || register.Type == PtxType.Pred)
        {
            throw Error($"{operand} is not a register");
        }

        width = register.Type.Bits;
        return width >= leastWidth ? register.Number : throw Error($"register {operand} has {width} bits, {leastWidth} are needed");
    }

    private int Destination(int index, PtxType type) => Destination(OperandAt(index), type);

    private int Destination(OperandSyntax operand, PtxType type)
    {
        if (operand.Kind != OperandKind.Name || operand.Negated || operand.Bits != 0)
        {
            throw Error($"{operand} is no destination");
        }

        return operand.Name == "_" ? NewRegister(type).Number : FindRegister(operand.Name!, type).Number;
    }

    /// <summary>A predicate operand, possibly negated.</summary>
    private int SourcePredicate(OperandSyntax operand, out bool negated)
    {
        negated = operand.Negated;
        if (operand.Kind == OperandKind.Integer)
        {
            int constant = _code.NewRegister(1);
            Emit(&PredicateHandlers.Set, d0: constant, immediate: operand.Bits != 0 ? 1 : 0);
            return constant;
        }

        if (operand.Name == "%is_explicit_cluster")
        {
            int isExplicit = _code.NewRegister(1);
            Emit(&ClusterHandlers.IsExplicit, d0: isExplicit);
            return isExplicit;
        }

        return operand.Kind == OperandKind.Name
            ? FindRegister(operand.Name!, PtxType.Pred).Number
            : throw Error($"{operand} is not a predicate");
    }

    /// <summary>A predicate operand in the positive.</summary>
    private int PlainPredicate(OperandSyntax operand)
    {
        int register = SourcePredicate(operand, out bool negated);
        if (!negated)
        {
            return register;
        }

        int inverse = _code.NewRegister(1);
        Emit(&PredicateHandlers.Not, d0: inverse, a: register);
        return inverse;
    }

    private OperandSyntax OperandAt(int index) => index < Operands.Count ? Operands[index] : throw Error($"operand {index + 1} is missing");

    private void Emit(
        Handler handler,
        int d0 = None,
        int a = None,
        int b = None,
        int c = None,
        int e = None,
        int d1 = None,
        int aux = 0,
        long immediate = 0)
    {
        Roles roles = (d0 == None ? 0 : Roles.WritesD0) | (d1 == None ? 0 : Roles.WritesD1) | (a == None ? 0 : Roles.ReadsA)
            | (b == None ? 0 : Roles.ReadsB) | (c == None ? 0 : Roles.ReadsC) | (e == None ? 0 : Roles.ReadsE);
        var instruction = new Instruction
        {
            Handler = handler, D0 = d0, D1 = d1, A = a, B = b, C = c, E = e, Aux = aux, Immediate = immediate,
        };
        Emit(instruction, roles);
    }

    private void EmitControl(Control control, int target = 0, int a = None, int b = None, int c = None, int aux = 0)
    {
        Roles roles = (a == None ? 0 : Roles.ReadsA) | (b == None ? 0 : Roles.ReadsB) | (c == None ? 0 : Roles.ReadsC);
        Emit(new Instruction { Control = control, Target = target, A = a, B = b, C = c, Aux = aux }, roles);
    }

    private void Emit(Instruction instruction, Roles roles)
    {
        instruction.Guard = _guard;
        instruction.GuardNegated = _guardNegated;
        _code.Emit(instruction, roles, _instruction.Line);
    }
}
