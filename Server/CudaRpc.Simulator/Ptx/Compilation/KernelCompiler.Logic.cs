using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Bits: logic, shifts, fields, moves.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileLogic(string opcode, Modifiers modifiers)
    {
        switch (opcode)
        {
            case "shl" or "shr":
                CompileShift(opcode == "shr", modifiers);
                return;
            case "shf":
                CompileFunnelShift(modifiers);
                return;
            case "lop3":
                CompileLop3(modifiers);
                return;
            case "prmt":
                CompilePermute(modifiers);
                return;
        }

        PtxType type = modifiers.TakeType();
        if (type == PtxType.Pred)
        {
            CompilePredicateLogic(opcode, modifiers);
            return;
        }

        switch (opcode)
        {
            case "and":
                Binary(modifiers, type, type switch
                {
                    PtxType.B16 => &Lanes.Vector2<ushort, And<ushort>>,
                    PtxType.B32 => &Lanes.Vector2<uint, And<uint>>,
                    PtxType.B64 => &Lanes.Vector2<ulong, And<ulong>>,
                    _ => null,
                });
                break;
            case "or":
                Binary(modifiers, type, type switch
                {
                    PtxType.B16 => &Lanes.Vector2<ushort, Or<ushort>>,
                    PtxType.B32 => &Lanes.Vector2<uint, Or<uint>>,
                    PtxType.B64 => &Lanes.Vector2<ulong, Or<ulong>>,
                    _ => null,
                });
                break;
            case "xor":
                Binary(modifiers, type, type switch
                {
                    PtxType.B16 => &Lanes.Vector2<ushort, Xor<ushort>>,
                    PtxType.B32 => &Lanes.Vector2<uint, Xor<uint>>,
                    PtxType.B64 => &Lanes.Vector2<ulong, Xor<ulong>>,
                    _ => null,
                });
                break;
            case "not":
                Unary(modifiers, type, type, type switch
                {
                    PtxType.B16 => &Lanes.Vector1<ushort, Not<ushort>>,
                    PtxType.B32 => &Lanes.Vector1<uint, Not<uint>>,
                    PtxType.B64 => &Lanes.Vector1<ulong, Not<ulong>>,
                    _ => null,
                });
                break;
            default:
                CompileLogicalNot(type, modifiers);
                break;
        }
    }

    private void CompilePredicateLogic(string opcode, Modifiers modifiers)
    {
        modifiers.Finish();
        ExpectOperands(opcode == "not" ? 2 : 3);
        int a = PlainPredicate(OperandAt(1));
        if (opcode == "not")
        {
            Emit(&PredicateHandlers.Not, d0: Destination(0, PtxType.Pred), a: a);
            return;
        }

        int b = PlainPredicate(OperandAt(2));
        Handler handler = opcode switch
        {
            "and" => &PredicateHandlers.And,
            "or" => &PredicateHandlers.Or,
            "xor" => &PredicateHandlers.Xor,
            _ => null,
        };
        Emit(Known(handler), d0: Destination(0, PtxType.Pred), a: a, b: b);
    }

    // cnot: 1 for 0, else 0.
    private void CompileLogicalNot(PtxType type, Modifiers modifiers)
    {
        modifiers.Finish();
        ExpectOperands(2);
        int isZero = _code.NewRegister(1);
        int a = Source(1, type);
        Emit(Known(CompareOf(".eq", type)), d0: isZero, a: a, b: _code.Constant(0, type.Bits));
        EmitSelect(type, Destination(0, type), _code.Constant(1, type.Bits), _code.Constant(0, type.Bits), isZero);
    }

    private void CompileShift(bool right, Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(3);
        int a = Source(1, type);
        OperandSyntax amount = OperandAt(2);
        if (amount.Kind == OperandKind.Integer && (uint)amount.Bits < (uint)type.Bits)
        {
            Handler constant = (type, right) switch
            {
                (PtxType.B16, false) => &IntegerHandlers.ShiftLeftBy<ushort>,
                (PtxType.B32, false) => &IntegerHandlers.ShiftLeftBy<uint>,
                (PtxType.B64, false) => &IntegerHandlers.ShiftLeftBy<ulong>,
                (PtxType.B16 or PtxType.U16, true) => &IntegerHandlers.ShiftRightBy<ushort>,
                (PtxType.B32 or PtxType.U32, true) => &IntegerHandlers.ShiftRightBy<uint>,
                (PtxType.B64 or PtxType.U64, true) => &IntegerHandlers.ShiftRightBy<ulong>,
                (PtxType.S16, true) => &IntegerHandlers.ShiftRightBy<short>,
                (PtxType.S32, true) => &IntegerHandlers.ShiftRightBy<int>,
                (PtxType.S64, true) => &IntegerHandlers.ShiftRightBy<long>,
                _ => null,
            };
            Emit(Known(constant), d0: Destination(0, type), a: a, aux: (int)amount.Bits);
            return;
        }

        Handler variable = (type, right) switch
        {
            (PtxType.B16, false) => &IntegerHandlers.ShiftLeft<ushort>,
            (PtxType.B32, false) => &IntegerHandlers.ShiftLeft<uint>,
            (PtxType.B64, false) => &IntegerHandlers.ShiftLeft<ulong>,
            (PtxType.B16 or PtxType.U16, true) => &IntegerHandlers.ShiftRight<ushort>,
            (PtxType.B32 or PtxType.U32, true) => &IntegerHandlers.ShiftRight<uint>,
            (PtxType.B64 or PtxType.U64, true) => &IntegerHandlers.ShiftRight<ulong>,
            (PtxType.S16, true) => &IntegerHandlers.ShiftRight<short>,
            (PtxType.S32, true) => &IntegerHandlers.ShiftRight<int>,
            (PtxType.S64, true) => &IntegerHandlers.ShiftRight<long>,
            _ => null,
        };
        int b = Source(2, PtxType.U32);
        Emit(Known(variable), d0: Destination(0, type), a: a, b: b);
    }

    private void CompileFunnelShift(Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        bool right = modifiers.TakeOneOf(".l", ".r") == ".r";
        bool wrap = modifiers.TakeOneOf(".clamp", ".wrap") == ".wrap";
        modifiers.Finish();
        ExpectOperands(4);
        int a = Source(1, PtxType.B32);
        int b = Source(2, PtxType.B32);
        int c = Source(3, PtxType.U32);
        Handler handler = type == PtxType.B32 ? &IntegerHandlers.FunnelShift : null;
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b, c: c, aux: (right ? 1 : 0) | (wrap ? 2 : 0));
    }

    private void CompileLop3(Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(5);
        if (type != PtxType.B32 || OperandAt(4).Kind != OperandKind.Integer || OperandAt(4).Bits > 255)
        {
            Unsupported("it needs type .b32 and a constant table of 8 bits");
        }

        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, type);
        Emit(&IntegerHandlers.LogicalThree, d0: Destination(0, type), a: a, b: b, c: c, aux: (int)OperandAt(4).Bits);
    }

    private void CompilePermute(Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        PermuteMode mode = modifiers.TakeOneOf(".f4e", ".b4e", ".rc8", ".ecl", ".ecr", ".rc16") switch
        {
            ".f4e" => PermuteMode.Forward4,
            ".b4e" => PermuteMode.Backward4,
            ".rc8" => PermuteMode.Replicate8,
            ".ecl" => PermuteMode.EdgeClampLeft,
            ".ecr" => PermuteMode.EdgeClampRight,
            ".rc16" => PermuteMode.Replicate16,
            _ => PermuteMode.Selected,
        };
        modifiers.Finish();
        ExpectOperands(4);
        int a = Source(1, PtxType.B32);
        int b = Source(2, PtxType.B32);
        int c = Source(3, PtxType.B32);
        Handler handler = type == PtxType.B32 ? &IntegerHandlers.Permute : null;
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b, c: c, aux: (int)mode);
    }

    private void CompileBits(string opcode, Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        switch (opcode)
        {
            case "popc":
                Unary(modifiers, PtxType.U32, type, type switch
                {
                    PtxType.B32 => &Lanes.Map1<uint, uint, PopulationCount32>,
                    PtxType.B64 => &Lanes.Map1<ulong, uint, PopulationCount64>,
                    _ => null,
                });
                break;
            case "clz":
                Unary(modifiers, PtxType.U32, type, type switch
                {
                    PtxType.B32 => &Lanes.Map1<uint, uint, LeadingZeros32>,
                    PtxType.B64 => &Lanes.Map1<ulong, uint, LeadingZeros64>,
                    _ => null,
                });
                break;
            case "brev":
                Unary(modifiers, type, type, type switch
                {
                    PtxType.B32 => &Lanes.Map1<uint, uint, Reverse32>,
                    PtxType.B64 => &Lanes.Map1<ulong, ulong, Reverse64>,
                    _ => null,
                });
                break;
            case "bfind":
                Unary(modifiers, PtxType.U32, type, (type, modifiers.Take(".shiftamt")) switch
                {
                    (PtxType.U32, false) => &Lanes.Map1<uint, uint, FindBitU32>,
                    (PtxType.S32, false) => &Lanes.Map1<int, uint, FindBitS32>,
                    (PtxType.U64, false) => &Lanes.Map1<ulong, uint, FindBitU64>,
                    (PtxType.S64, false) => &Lanes.Map1<long, uint, FindBitS64>,
                    (PtxType.U32, true) => &Lanes.Map1<uint, uint, ToShiftAmount<uint, FindBitU32>>,
                    (PtxType.S32, true) => &Lanes.Map1<int, uint, ToShiftAmount<int, FindBitS32>>,
                    (PtxType.U64, true) => &Lanes.Map1<ulong, uint, ToShiftAmount<ulong, FindBitU64>>,
                    (PtxType.S64, true) => &Lanes.Map1<long, uint, ToShiftAmount<long, FindBitS64>>,
                    _ => null,
                });
                break;
            case "bfe":
                CompileBitfieldExtract(type, modifiers);
                break;
            case "bfi":
                CompileBitfieldInsert(type, modifiers);
                break;
            case "bmsk":
                Binary(modifiers, type, (type, modifiers.TakeOneOf(".clamp", ".wrap")) switch
                {
                    (PtxType.B32, ".clamp") => &Lanes.Map2<uint, BitMaskClamped>,
                    (PtxType.B32, ".wrap") => &Lanes.Map2<uint, BitMaskWrapped>,
                    _ => null,
                });
                break;
            default:
                Binary(modifiers, type, (type, modifiers.TakeOneOf(".clamp", ".wrap")) switch
                {
                    (PtxType.U32, ".clamp") => &Lanes.Map2<uint, ExtendClampedU32>,
                    (PtxType.U32, ".wrap") => &Lanes.Map2<uint, ExtendWrappedU32>,
                    (PtxType.S32, ".clamp") => &Lanes.Map2<uint, ExtendClampedS32>,
                    (PtxType.S32, ".wrap") => &Lanes.Map2<uint, ExtendWrappedS32>,
                    _ => null,
                });
                break;
        }
    }

    private void CompileBitfieldExtract(PtxType type, Modifiers modifiers)
    {
        modifiers.Finish();
        ExpectOperands(4);
        Handler handler = type switch
        {
            PtxType.U32 or PtxType.S32 => &IntegerHandlers.BitfieldExtract<uint>,
            PtxType.U64 or PtxType.S64 => &IntegerHandlers.BitfieldExtract<ulong>,
            _ => null,
        };
        int a = Source(1, type);
        int b = Source(2, PtxType.U32);
        int c = Source(3, PtxType.U32);
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b, c: c, aux: type.IsSigned ? 1 : 0);
    }

    private void CompileBitfieldInsert(PtxType type, Modifiers modifiers)
    {
        modifiers.Finish();
        ExpectOperands(5);
        Handler handler = type switch
        {
            PtxType.B32 => &IntegerHandlers.BitfieldInsert<uint>,
            PtxType.B64 => &IntegerHandlers.BitfieldInsert<ulong>,
            _ => null,
        };
        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, PtxType.U32);
        int e = Source(4, PtxType.U32);
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b, c: c, e: e);
    }
}
