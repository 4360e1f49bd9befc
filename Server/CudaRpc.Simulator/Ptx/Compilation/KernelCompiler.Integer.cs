using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Integer arithmetic.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileInteger(string opcode, PtxType type, Modifiers modifiers)
    {
        switch (opcode)
        {
            case "add" or "sub":
                CompileSum(opcode == "sub", type, modifiers);
                break;
            case "addc" or "subc":
                CompileCarry(opcode == "subc", carryIn: true, modifiers.Take(".cc"), type, modifiers);
                break;
            case "mul":
                CompileProduct(type, modifiers);
                break;
            case "mad":
                CompileProductSum(type, modifiers);
                break;
            case "madc":
                CompileProductCarry(carryIn: true, modifiers.Take(".cc"), type, modifiers);
                break;
            case "mul24" or "mad24":
                CompileProduct24(opcode == "mad24", type, modifiers);
                break;
            case "div":
                Binary(modifiers, type, type switch
                {
                    PtxType.U16 => &Lanes.Map2<ushort, Divide<ushort>>,
                    PtxType.S16 => &Lanes.Map2<short, Divide<short>>,
                    PtxType.U32 => &Lanes.Map2<uint, Divide<uint>>,
                    PtxType.S32 => &Lanes.Map2<int, Divide<int>>,
                    PtxType.U64 => &Lanes.Map2<ulong, Divide<ulong>>,
                    PtxType.S64 => &Lanes.Map2<long, Divide<long>>,
                    _ => null,
                });
                break;
            case "rem":
                Binary(modifiers, type, type switch
                {
                    PtxType.U16 => &Lanes.Map2<ushort, Remainder<ushort>>,
                    PtxType.S16 => &Lanes.Map2<short, Remainder<short>>,
                    PtxType.U32 => &Lanes.Map2<uint, Remainder<uint>>,
                    PtxType.S32 => &Lanes.Map2<int, Remainder<int>>,
                    PtxType.U64 => &Lanes.Map2<ulong, Remainder<ulong>>,
                    PtxType.S64 => &Lanes.Map2<long, Remainder<long>>,
                    _ => null,
                });
                break;
            case "min":
                Binary(modifiers, type, type switch
                {
                    PtxType.U16 => &Lanes.Vector2<ushort, Minimum<ushort>>,
                    PtxType.S16 => &Lanes.Vector2<short, Minimum<short>>,
                    PtxType.U32 => &Lanes.Vector2<uint, Minimum<uint>>,
                    PtxType.S32 => &Lanes.Vector2<int, Minimum<int>>,
                    PtxType.U64 => &Lanes.Vector2<ulong, Minimum<ulong>>,
                    PtxType.S64 => &Lanes.Vector2<long, Minimum<long>>,
                    _ => null,
                });
                break;
            case "max":
                Binary(modifiers, type, type switch
                {
                    PtxType.U16 => &Lanes.Vector2<ushort, Maximum<ushort>>,
                    PtxType.S16 => &Lanes.Vector2<short, Maximum<short>>,
                    PtxType.U32 => &Lanes.Vector2<uint, Maximum<uint>>,
                    PtxType.S32 => &Lanes.Vector2<int, Maximum<int>>,
                    PtxType.U64 => &Lanes.Vector2<ulong, Maximum<ulong>>,
                    PtxType.S64 => &Lanes.Vector2<long, Maximum<long>>,
                    _ => null,
                });
                break;
            case "abs":
                Unary(modifiers, type, type, type switch
                {
                    PtxType.S16 => &Lanes.Vector1<short, Absolute<short>>,
                    PtxType.S32 => &Lanes.Vector1<int, Absolute<int>>,
                    PtxType.S64 => &Lanes.Vector1<long, Absolute<long>>,
                    _ => null,
                });
                break;
            case "neg":
                modifiers.Finish();
                ExpectOperands(2);
                int a = Source(1, type);
                Handler subtract = type.IsSigned ? DifferenceOf(type) : null;
                Emit(Known(subtract), d0: Destination(0, type), a: _code.Constant(0, type.Bits), b: a);
                break;
            case "sad":
                Ternary(modifiers, type, type switch
                {
                    PtxType.U16 => &Lanes.Map3<ushort, SumOfAbsoluteDifference<ushort>>,
                    PtxType.S16 => &Lanes.Map3<short, SumOfAbsoluteDifference<short>>,
                    PtxType.U32 => &Lanes.Map3<uint, SumOfAbsoluteDifference<uint>>,
                    PtxType.S32 => &Lanes.Map3<int, SumOfAbsoluteDifference<int>>,
                    PtxType.U64 => &Lanes.Map3<ulong, SumOfAbsoluteDifference<ulong>>,
                    PtxType.S64 => &Lanes.Map3<long, SumOfAbsoluteDifference<long>>,
                    _ => null,
                });
                break;
            default:
                CompileDotProduct(opcode, type, modifiers);
                break;
        }
    }

    private static Handler SumOf(PtxType type) => type switch
    {
        PtxType.U16 or PtxType.S16 => &Lanes.Vector2<ushort, Add<ushort>>,
        PtxType.U32 or PtxType.S32 => &Lanes.Vector2<uint, Add<uint>>,
        PtxType.U64 or PtxType.S64 => &Lanes.Vector2<ulong, Add<ulong>>,
        _ => null,
    };

    private static Handler DifferenceOf(PtxType type) => type switch
    {
        PtxType.U16 or PtxType.S16 => &Lanes.Vector2<ushort, Subtract<ushort>>,
        PtxType.U32 or PtxType.S32 => &Lanes.Vector2<uint, Subtract<uint>>,
        PtxType.U64 or PtxType.S64 => &Lanes.Vector2<ulong, Subtract<ulong>>,
        _ => null,
    };

    private static Handler ProductOf(PtxType type) => type switch
    {
        PtxType.U16 or PtxType.S16 => &Lanes.Vector2<ushort, Multiply<ushort>>,
        PtxType.U32 or PtxType.S32 => &Lanes.Vector2<uint, Multiply<uint>>,
        PtxType.U64 or PtxType.S64 => &Lanes.Vector2<ulong, Multiply<ulong>>,
        _ => null,
    };

    private static Handler HighProductOf(PtxType type) => type switch
    {
        PtxType.U16 => &Lanes.Map2<ushort, MultiplyHighU16>,
        PtxType.S16 => &Lanes.Map2<short, MultiplyHighS16>,
        PtxType.U32 => &Lanes.Map2<uint, MultiplyHighU32>,
        PtxType.S32 => &Lanes.Map2<int, MultiplyHighS32>,
        PtxType.U64 => &Lanes.Map2<ulong, MultiplyHighU64>,
        PtxType.S64 => &Lanes.Map2<long, MultiplyHighS64>,
        _ => null,
    };

    private static Handler HighProductSumOf(PtxType type) => type switch
    {
        PtxType.U16 => &Lanes.Map3<ushort, ThenAdd<ushort, MultiplyHighU16>>,
        PtxType.S16 => &Lanes.Map3<short, ThenAdd<short, MultiplyHighS16>>,
        PtxType.U32 => &Lanes.Map3<uint, ThenAdd<uint, MultiplyHighU32>>,
        PtxType.S32 => &Lanes.Map3<int, ThenAdd<int, MultiplyHighS32>>,
        PtxType.U64 => &Lanes.Map3<ulong, ThenAdd<ulong, MultiplyHighU64>>,
        PtxType.S64 => &Lanes.Map3<long, ThenAdd<long, MultiplyHighS64>>,
        _ => null,
    };

    private static PtxType WideOf(PtxType type) => type switch
    {
        PtxType.U16 => PtxType.U32,
        PtxType.S16 => PtxType.S32,
        PtxType.U32 => PtxType.U64,
        PtxType.S32 => PtxType.S64,
        _ => PtxType.None,
    };

    private void CompileSum(bool subtract, PtxType type, Modifiers modifiers)
    {
        if (modifiers.Take(".cc"))
        {
            CompileCarry(subtract, carryIn: false, carryOut: true, type, modifiers);
        }
        else if (type == PtxType.S32 && modifiers.Take(".sat"))
        {
            Binary(modifiers, type, subtract ? &Lanes.Map2<int, SubtractSaturated> : &Lanes.Map2<int, AddSaturated>);
        }
        else
        {
            Binary(modifiers, type, subtract ? DifferenceOf(type) : SumOf(type));
        }
    }

    private void CompileCarry(bool subtract, bool carryIn, bool carryOut, PtxType type, Modifiers modifiers)
    {
        modifiers.Finish();
        ExpectOperands(3);
        int a = Source(1, type);
        int b = Source(2, type);
        EmitCarry(subtract, carryIn, carryOut, type, Destination(0, type), a, b);
    }

    private void EmitCarry(bool subtract, bool carryIn, bool carryOut, PtxType type, int d, int a, int b)
    {
        Handler handler = type switch
        {
            PtxType.U32 or PtxType.S32 => &IntegerHandlers.WithCarry<uint>,
            PtxType.U64 or PtxType.S64 => &IntegerHandlers.WithCarry<ulong>,
            _ => null,
        };
        if (_carry == None)
        {
            _carry = _code.NewRegister(1);
        }

        int aux = (subtract ? 1 : 0) | (carryIn ? 2 : 0) | (carryOut ? 4 : 0);
        Emit(Known(handler), d0: d, d1: carryOut ? _carry : None, a: a, b: b, c: carryIn ? _carry : None, aux: aux);
    }

    private void CompileProduct(PtxType type, Modifiers modifiers)
    {
        if (modifiers.Take(".wide"))
        {
            modifiers.Finish();
            ExpectOperands(3);
            Handler handler = type switch
            {
                PtxType.U16 => &IntegerHandlers.MultiplyWide16<ushort, uint>,
                PtxType.S16 => &IntegerHandlers.MultiplyWide16<short, int>,
                PtxType.U32 => &IntegerHandlers.MultiplyWideU32,
                PtxType.S32 => &IntegerHandlers.MultiplyWideS32,
                _ => null,
            };
            int a = Source(1, type);
            int b = Source(2, type);
            Emit(Known(handler), d0: Destination(0, WideOf(type)), a: a, b: b);
        }
        else if (modifiers.Take(".hi"))
        {
            Binary(modifiers, type, HighProductOf(type));
        }
        else if (modifiers.Take(".lo"))
        {
            Binary(modifiers, type, ProductOf(type));
        }
        else
        {
            Unsupported("it has neither .lo, .hi nor .wide");
        }
    }

    private void CompileProductSum(PtxType type, Modifiers modifiers)
    {
        if (modifiers.Take(".cc"))
        {
            CompileProductCarry(carryIn: false, carryOut: true, type, modifiers);
        }
        else if (modifiers.Take(".wide"))
        {
            CompileWideProductSum(type, modifiers);
        }
        else if (modifiers.Take(".hi"))
        {
            bool saturate = type == PtxType.S32 && modifiers.Take(".sat");
            Ternary(modifiers, type, saturate ? &Lanes.Map3<int, MultiplyHighAddSaturated> : HighProductSumOf(type));
        }
        else if (modifiers.Take(".lo"))
        {
            Ternary(modifiers, type, type switch
            {
                PtxType.U16 or PtxType.S16 => &Lanes.Vector3<ushort, MultiplyAdd<ushort>>,
                PtxType.U32 or PtxType.S32 => &Lanes.Vector3<uint, MultiplyAdd<uint>>,
                PtxType.U64 or PtxType.S64 => &Lanes.Vector3<ulong, MultiplyAdd<ulong>>,
                _ => null,
            });
        }
        else
        {
            Unsupported("it has neither .lo, .hi nor .wide");
        }
    }

    private void CompileWideProductSum(PtxType type, Modifiers modifiers)
    {
        modifiers.Finish();
        ExpectOperands(4);
        PtxType wide = WideOf(type);
        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, wide);
        switch (type)
        {
            case PtxType.U32:
                Emit(&IntegerHandlers.MultiplyAddWideU32, d0: Destination(0, wide), a: a, b: b, c: c);
                break;
            case PtxType.S32:
                Emit(&IntegerHandlers.MultiplyAddWideS32, d0: Destination(0, wide), a: a, b: b, c: c);
                break;
            default:
                int product = NewRegister(wide).Number;
                Handler multiply = type == PtxType.S16
                    ? &IntegerHandlers.MultiplyWide16<short, int>
                    : &IntegerHandlers.MultiplyWide16<ushort, uint>;
                Emit(multiply, d0: product, a: a, b: b);
                Emit(SumOf(wide), d0: Destination(0, wide), a: product, b: c);
                break;
        }
    }

    // mad.cc and madc: the product, then the sum with carry.
    private void CompileProductCarry(bool carryIn, bool carryOut, PtxType type, Modifiers modifiers)
    {
        bool high = modifiers.Take(".hi");
        if (!high && !modifiers.Take(".lo"))
        {
            Unsupported("it has neither .lo nor .hi");
        }

        modifiers.Finish();
        ExpectOperands(4);
        int product = NewRegister(type).Number;
        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, type);
        Emit(Known(high ? HighProductOf(type) : ProductOf(type)), d0: product, a: a, b: b);
        EmitCarry(subtract: false, carryIn, carryOut, type, Destination(0, type), product, c);
    }

    private void CompileProduct24(bool add, PtxType type, Modifiers modifiers)
    {
        bool high = modifiers.Take(".hi");
        bool low = modifiers.Take(".lo");
        Handler product = (type, high, low) switch
        {
            (PtxType.U32, false, true) => &Lanes.Map2<uint, Multiply24LowU32>,
            (PtxType.S32, false, true) => &Lanes.Map2<int, Multiply24LowS32>,
            (PtxType.U32, true, false) => &Lanes.Map2<uint, Multiply24HighU32>,
            (PtxType.S32, true, false) => &Lanes.Map2<int, Multiply24HighS32>,
            _ => null,
        };
        if (!add)
        {
            Binary(modifiers, type, product);
            return;
        }

        modifiers.Finish();
        ExpectOperands(4);
        int register = NewRegister(type).Number;
        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, type);
        Emit(Known(product), d0: register, a: a, b: b);
        Emit(SumOf(type), d0: Destination(0, type), a: register, b: c);
    }

    private void CompileDotProduct(string opcode, PtxType typeA, Modifiers modifiers)
    {
        PtxType typeB = modifiers.TakeType();
        bool pairs = opcode == "dp2a";
        bool high = pairs && modifiers.Take(".hi");
        if (pairs && !high && !modifiers.Take(".lo"))
        {
            Unsupported("it has neither .lo nor .hi");
        }

        modifiers.Finish();
        ExpectOperands(4);
        if (typeA is not (PtxType.U32 or PtxType.S32) || typeB is not (PtxType.U32 or PtxType.S32))
        {
            Unsupported("its types are not 32-bit integers");
        }

        int aux = (typeA.IsSigned ? 1 : 0) | (typeB.IsSigned ? 2 : 0) | (pairs ? 4 : 0) | (high ? 8 : 0);
        int a = Source(1, PtxType.B32);
        int b = Source(2, PtxType.B32);
        int c = Source(3, PtxType.B32);
        Emit(&IntegerHandlers.DotProduct, d0: Destination(0, PtxType.B32), a: a, b: b, c: c, aux: aux);
    }

    // vabsdiff2.u32.atype.btype[.add] d, a, b, c: without .add the result has all elements, and c is not used.
    private void CompileAbsoluteDifference(int width, Modifiers modifiers)
    {
        PtxType result = modifiers.TakeType();
        PtxType typeA = modifiers.TakeType();
        PtxType typeB = modifiers.TakeType();
        bool accumulate = modifiers.Take(".add");
        modifiers.Finish();
        ExpectOperands(4);
        if (result != PtxType.U32 || typeA is not (PtxType.U32 or PtxType.S32) || typeB is not (PtxType.U32 or PtxType.S32))
        {
            Unsupported("its result has to be .u32, its operands 32-bit integers");
        }

        int aux = (accumulate ? VideoHandlers.Accumulate : 0) | (typeA.IsSigned ? VideoHandlers.SignedA : 0)
            | (typeB.IsSigned ? VideoHandlers.SignedB : 0);
        int a = Source(1, PtxType.B32);
        int b = Source(2, PtxType.B32);
        int c = Source(3, PtxType.B32);
        Emit(&VideoHandlers.AbsoluteDifference, d0: Destination(0, PtxType.B32), a: a, b: b, c: c, aux: aux, immediate: width);
    }
}
