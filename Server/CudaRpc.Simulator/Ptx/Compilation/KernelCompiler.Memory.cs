using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Loads, stores, addresses and fences.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileMemory(string opcode, Modifiers modifiers)
    {
        switch (opcode)
        {
            case "ld" or "ldu":
                CompileAccess(modifiers, isLoad: true);
                break;
            case "st":
                CompileAccess(modifiers, isLoad: false);
                break;
            case "cvta":
                CompileAddressConversion(modifiers);
                break;
            case "isspacep":
                CompileIsSpace(modifiers);
                break;
            case "prefetch" or "prefetchu":
                TakeSpace(modifiers);
                TakeCacheHints(modifiers);
                modifiers.TakeOneOf(".L1", ".L2");
                modifiers.Finish();
                break;
            case "cp":
                CompileAsynchronousCopy(modifiers);
                break;
            default:
                TakeOrdering(modifiers);
                modifiers.Take(".gl");
                modifiers.Finish();
                Emit(&MemoryHandlers.Fence);
                break;
        }
    }

    private static PtxStateSpace TakeSpace(Modifiers modifiers) =>
        modifiers.TakeOneOf(".global", ".const", ".shared", ".shared::cta", ".shared::cluster", ".local", ".param", ".param::entry", ".param::func") switch
        {
            ".global" => PtxStateSpace.Global,
            ".const" => PtxStateSpace.Const,
            ".shared" or ".shared::cta" or ".shared::cluster" => PtxStateSpace.Shared,
            ".local" => PtxStateSpace.Local,
            ".param" or ".param::entry" or ".param::func" => PtxStateSpace.Param,
            _ => PtxStateSpace.Generic,
        };

    // Hints: they change nothing that a program can see.
    private static void TakeCacheHints(Modifiers modifiers)
    {
        modifiers.TakeOneOf(".ca", ".cg", ".cs", ".lu", ".cv", ".wb", ".wt");
        modifiers.Take(".nc");
        modifiers.TakeOneOf(
            ".L1::evict_normal", ".L1::evict_unchanged", ".L1::evict_first", ".L1::evict_last", ".L1::no_allocate",
            ".L2::evict_last", ".L2::evict_normal");
        modifiers.TakeOneOf(".L2::64B", ".L2::128B", ".L2::256B");
    }

    // How strong an access or fence is, and among whom. The host keeps the order of loads and of stores, and fences are full ones: all of
    // these are met. Returns whether threads may wait for each other with such an access.
    private static bool TakeOrdering(Modifiers modifiers)
    {
        modifiers.TakeOneOf(".cta", ".cluster", ".gpu", ".sys");
        string strength = modifiers.TakeOneOf(".volatile", ".relaxed", ".acquire", ".release", ".acq_rel", ".sc", ".mmio", ".weak");
        return strength is not ("" or ".weak");
    }

    private void CompileAccess(Modifiers modifiers, bool isLoad)
    {
        bool polls = TakeOrdering(modifiers) && isLoad;
        PtxStateSpace space = TakeSpace(modifiers);
        TakeCacheHints(modifiers);
        int count = modifiers.TakeOneOf(".v2", ".v4") switch
        {
            ".v2" => 2,
            ".v4" => 4,
            _ => 1,
        };
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(2);
        bool plain = type.IsInteger || type is PtxType.B8 or PtxType.B16 or PtxType.B32 or PtxType.B64 or PtxType.F32 or PtxType.F64;
        if (!plain || type.Bytes * count > 16)
        {
            Unsupported("no such access");
        }

        if (!isLoad && space == PtxStateSpace.Const)
        {
            Unsupported("constant memory is read-only");
        }

        OperandSyntax values = OperandAt(isLoad ? 0 : 1);
        IReadOnlyList<OperandSyntax> elements = count == 1 ? [values] : values.Elements;
        if (elements.Count != count)
        {
            throw Error($"{count} elements expected");
        }

        var instruction = new Instruction { A = None, Aux = count };
        Roles roles = AddressOf(OperandAt(isLoad ? 1 : 0), space, type.Bytes * count, ref instruction, out bool isParameter);
        int width = 0;
        for (int i = 0; i < count; i++)
        {
            int register = isLoad ? LoadTarget(elements[i], type, ref width) : StoreSource(elements[i], type, ref width);
            (&instruction.D0)[i] = register;
            roles |= (Roles)((int)(isLoad ? Roles.WritesD0 : Roles.ReadsD0) << i);
        }

        if (isParameter && !isLoad)
        {
            Unsupported("kernel parameters are read-only");
        }

        instruction.Handler = Known(!isParameter ? AccessHandler(type, width, isLoad)
            : instruction.A == None ? ParameterHandler(type, width) : IndexedParameterHandler(type, width));
        Emit(instruction, roles);
        if (polls)
        {
            Emit(&MemoryHandlers.Poll);
        }
    }

    // All elements have registers of one width.
    private int LoadTarget(OperandSyntax element, PtxType type, ref int width)
    {
        if (element.Name == "_" && width == 0)
        {
            width = FirstWidth(type);
        }

        if (element.Name == "_")
        {
            return _code.NewRegister(width);
        }

        int register = AnyRegister(element, type.Bits, out int own);
        CheckWidth(type, own, ref width);
        return register;
    }

    private int StoreSource(OperandSyntax element, PtxType type, ref int width)
    {
        bool isRegister = element.Kind == OperandKind.Name && Find(element.Name!) is RegisterSymbol;
        if (isRegister)
        {
            int register = AnyRegister(element, type.Bits, out int own);
            CheckWidth(type, own, ref width);
            return register;
        }

        width = width == 0 ? FirstWidth(type) : width;
        PtxType wide = width == type.Bits ? type : width switch
        {
            16 => PtxType.B16,
            32 => PtxType.B32,
            _ => PtxType.B64,
        };
        return Source(element, wide);
    }

    // Where the first element is a constant or a sink: the width of the first register, if there is one.
    private int FirstWidth(PtxType type)
    {
        OperandSyntax values = Operands[0].Kind == OperandKind.Address ? Operands[1] : Operands[0];
        foreach (OperandSyntax element in values.Elements)
        {
            if (element.Kind == OperandKind.Name && Find(element.Name!) is RegisterSymbol register)
            {
                return register.Type.Bits;
            }
        }

        return Math.Max(type.Bits, 16);
    }

    private void CheckWidth(PtxType type, int own, ref int width)
    {
        if (width != 0 && width != own)
        {
            throw Error("registers of one vector differ in width");
        }

        if (type.IsFloat && own != type.Bits)
        {
            throw Error($"a register of {own} bits for type {type.Word}");
        }

        width = own;
    }

    /// <summary>
    /// Compiles an address operand into the instruction. Kernel parameters are no memory that <see cref="Worker.Resolve"/> knows.
    /// </summary>
    private Roles AddressOf(OperandSyntax operand, PtxStateSpace space, int bytes, ref Instruction instruction, out bool isParameter)
    {
        isParameter = false;
        if (operand.Kind != OperandKind.Address || operand.Elements.Count != 0)
        {
            throw Error($"{operand} is not an address");
        }

        instruction.Immediate = (long)operand.Bits;
        Symbol? symbol = operand.Name is null ? null : Find(operand.Name);
        if (symbol is ParameterSymbol parameter && space == PtxStateSpace.Param)
        {
            isParameter = true;
            ulong end = operand.Bits + (ulong)bytes;
            if (end > parameter.Size || end < (ulong)bytes)
            {
                throw Error($"offset {(long)operand.Bits} is outside the {parameter.Size} bytes of {operand.Name}");
            }

            instruction.Immediate += parameter.Offset;
            return Roles.None;
        }

        // Parameters of device functions are in local memory.
        bool isCallParameter = symbol is LocalSymbol { IsParameter: true } && space == PtxStateSpace.Param;
        isParameter = space == PtxStateSpace.Param && !isCallParameter;
        instruction.Space = space switch
        {
            PtxStateSpace.Global or PtxStateSpace.Const => MemorySpace.Device,
            PtxStateSpace.Shared => MemorySpace.Shared,
            PtxStateSpace.Local or PtxStateSpace.Param => MemorySpace.Local,
            _ => MemorySpace.Generic,
        };
        instruction.Target = _code.CacheEntries++;
        instruction.A = symbol switch
        {
            RegisterSymbol register => AddressRegister(register, space, ref instruction),
            null when operand.Name is null => _code.Constant(0, 64),
            null => throw Error($"{operand.Name} is not declared"),
            LocalSymbol local when isCallParameter => _code.Constant((ulong)local.Offset, 64),
            _ => VariableAddress(operand, symbol, space),
        };
        return Roles.ReadsA;
    }

    private int AddressRegister(RegisterSymbol register, PtxStateSpace space, ref Instruction instruction)
    {
        int bits = register.Type.Bits;
        bool narrow = bits == 32 && space is PtxStateSpace.Shared or PtxStateSpace.Local;
        if (bits != 64 && !narrow)
        {
            throw Error("an address register of 64 bits is needed");
        }

        instruction.NarrowAddress = bits == 32;
        return register.Number;
    }

    private int VariableAddress(OperandSyntax operand, Symbol symbol, PtxStateSpace space)
    {
        bool fits = (symbol, space) switch
        {
            (DeviceSymbol device, PtxStateSpace.Const) => device.IsConst,
            (DeviceSymbol device, PtxStateSpace.Global) => !device.IsConst,
            (SharedSymbol, PtxStateSpace.Shared) => true,
            (LocalSymbol { IsParameter: false }, PtxStateSpace.Local) => true,
            _ => false,
        };
        return fits ? AddressConstant(operand with { Bits = 0 }, 64) : throw Error($"{operand.Name} is not in this state space");
    }

    private void CompileAddressConversion(Modifiers modifiers)
    {
        bool to = modifiers.Take(".to");
        PtxStateSpace space = TakeSpace(modifiers);
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(2);
        if (type.Bits != 64 || space is PtxStateSpace.Generic or PtxStateSpace.Param)
        {
            Unsupported("no such conversion of addresses");
        }

        int a = Source(1, PtxType.B64);
        int d = Destination(0, PtxType.B64);
        if (space is PtxStateSpace.Global or PtxStateSpace.Const)
        {
            EmitMove(PtxType.B64, d, a);
            return;
        }

        int window = _code.Constant(space == PtxStateSpace.Shared ? AddressWindows.Shared : AddressWindows.Local, 64);
        Emit(to ? &Lanes.Vector2<ulong, Subtract<ulong>> : &Lanes.Vector2<ulong, Add<ulong>>, d0: d, a: a, b: window);
    }

    private void CompileIsSpace(Modifiers modifiers)
    {
        PtxStateSpace space = TakeSpace(modifiers);
        modifiers.Finish();
        ExpectOperands(2);
        int a = Source(1, PtxType.B64);
        int p = Destination(0, PtxType.Pred);
        switch (space)
        {
            case PtxStateSpace.Global:
                Emit(&MemoryHandlers.IsGlobal, d0: p, a: a);
                break;
            case PtxStateSpace.Shared or PtxStateSpace.Local:
                ulong window = space == PtxStateSpace.Shared ? AddressWindows.Shared : AddressWindows.Local;
                Emit(&MemoryHandlers.IsInWindow, d0: p, a: a, immediate: (long)window);
                break;
            default:
                Unsupported("only for global, shared and local memory");
                break;
        }
    }

    // cp.async: the copy is made at once, so that waiting for it is nothing.
    private void CompileAsynchronousCopy(Modifiers modifiers)
    {
        if (!modifiers.Take(".async"))
        {
            Unsupported("only cp.async is");
        }

        if (modifiers.TakeOneOf(".commit_group", ".wait_group", ".wait_all") != "")
        {
            modifiers.Finish();
            return;
        }

        TakeCacheHints(modifiers);
        bool spaces = modifiers.TakeOneOf(".shared", ".shared::cta") != "" && modifiers.Take(".global");
        modifiers.Finish();
        // Fewer bytes may be read than written: the rest is zero.
        bool isPartial = Operands.Count == 4 && (OperandAt(3).Kind != OperandKind.Integer || OperandAt(3).Bits != OperandAt(2).Bits);
        ExpectOperands(Operands.Count == 4 ? 4 : 3);
        PtxType type = OperandAt(2).Bits == 4 ? PtxType.B32 : PtxType.B64;
        int count = OperandAt(2).Bits == 16 ? 2 : 1;
        if (!spaces || OperandAt(2) is not { Kind: OperandKind.Integer, Bits: 4 or 8 or 16 })
        {
            Unsupported("it has to copy 4, 8 or 16 bytes from global to shared memory");
        }

        var load = new Instruction { Aux = count };
        Roles loadRoles = AddressOf(OperandAt(1), PtxStateSpace.Global, 16, ref load, out _) | Roles.WritesD0;
        var store = new Instruction { Aux = count };
        Roles storeRoles = AddressOf(OperandAt(0), PtxStateSpace.Shared, 16, ref store, out _) | Roles.ReadsD0;
        load.D0 = store.D0 = _code.NewRegister(type.Bits);
        if (count == 2)
        {
            load.D1 = store.D1 = _code.NewRegister(type.Bits);
            loadRoles |= Roles.WritesD1;
            storeRoles |= Roles.ReadsD1;
        }

        load.Handler = AccessHandler(type, type.Bits, isLoad: true);
        store.Handler = AccessHandler(type, type.Bits, isLoad: false);
        if (isPartial)
        {
            load.Handler = type.Bits == 32 ? &MemoryHandlers.LoadPart<uint> : &MemoryHandlers.LoadPart<ulong>;
            load.B = Source(3, PtxType.U32);
            loadRoles |= Roles.ReadsB;
        }

        Emit(load, loadRoles);
        Emit(store, storeRoles);
    }
}
