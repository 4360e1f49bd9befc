using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>Comparison and selection.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private static readonly string[] s_comparisons =
    [
        ".eq", ".ne", ".lt", ".le", ".gt", ".ge", ".lo", ".ls", ".hi", ".hs",
        ".equ", ".neu", ".ltu", ".leu", ".gtu", ".geu", ".num", ".nan",
    ];

    private void CompileCompare(string opcode, Modifiers modifiers)
    {
        switch (opcode)
        {
            case "setp":
                CompileSetPredicate(modifiers);
                break;
            case "set":
                CompileSet(modifiers);
                break;
            case "selp":
                CompileSelect(modifiers);
                break;
            case "slct":
                CompileSelectBySign(modifiers);
                break;
            case "testp":
                CompileTestProperty(modifiers);
                break;
            default:
                PtxType type = modifiers.TakeType();
                Binary(modifiers, type, type switch
                {
                    PtxType.F32 => &Lanes.Vector2<uint, CopySignF32>,
                    PtxType.F64 => &Lanes.Vector2<ulong, CopySignF64>,
                    _ => null,
                });
                break;
        }
    }

    // setp.CmpOp[.BoolOp][.ftz].type p[|q], a, b[, [!]c]
    private void CompileSetPredicate(Modifiers modifiers)
    {
        string comparison = modifiers.TakeOneOf(s_comparisons);
        BooleanCombination combination = TakeCombination(modifiers);
        bool flush = modifiers.Take(".ftz");
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(combination == BooleanCombination.None ? 3 : 4);
        OperandSyntax results = OperandAt(0);
        bool two = results.Kind == OperandKind.Pair;
        int a = Source(1, type);
        int b = Source(2, type);
        bool negated = false;
        int c = combination == BooleanCombination.None ? None : SourcePredicate(OperandAt(3), out negated);
        int p = Destination(two ? results.Elements[0] : results, PtxType.Pred);
        int q = two ? Destination(results.Elements[1], PtxType.Pred) : None;
        long flags = (two ? PredicateHandlers.HasSecondResult : 0) | (negated ? PredicateHandlers.NegateC : 0);
        Emit(Known(CompareOf(comparison, type, flush)), d0: p, d1: q, a: a, b: b, c: c, aux: (int)combination, immediate: flags);
    }

    // set.CmpOp[.BoolOp][.ftz].dtype.stype d, a, b[, [!]c]: a setp whose outcome becomes all ones, or 1.0.
    private void CompileSet(Modifiers modifiers)
    {
        string comparison = modifiers.TakeOneOf(s_comparisons);
        BooleanCombination combination = TakeCombination(modifiers);
        bool flush = modifiers.Take(".ftz");
        PtxType result = modifiers.TakeType();
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(combination == BooleanCombination.None ? 3 : 4);
        if (result is not (PtxType.U32 or PtxType.S32 or PtxType.F32))
        {
            Unsupported($"result type {result.Word}");
        }

        int a = Source(1, type);
        int b = Source(2, type);
        bool negated = false;
        int c = combination == BooleanCombination.None ? None : SourcePredicate(OperandAt(3), out negated);
        int p = _code.NewRegister(1);
        long flags = negated ? PredicateHandlers.NegateC : 0;
        Emit(Known(CompareOf(comparison, type, flush)), d0: p, a: a, b: b, c: c, aux: (int)combination, immediate: flags);
        uint yes = result == PtxType.F32 ? 0x3f80_0000 : uint.MaxValue;
        EmitSelect(result, Destination(0, result), _code.Constant(yes, 32), _code.Constant(0, 32), p);
    }

    private void CompileSelect(Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(4);
        int a = Source(1, type);
        int b = Source(2, type);
        int p = SourcePredicate(OperandAt(3), out bool negated);
        EmitSelect(type, Destination(0, type), negated ? b : a, negated ? a : b, p);
    }

    // slct.dtype.ctype d, a, b, c: a where c >= 0, else b.
    private void CompileSelectBySign(Modifiers modifiers)
    {
        bool flush = modifiers.Take(".ftz");
        PtxType type = modifiers.TakeType();
        PtxType sign = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(4);
        if (sign is not (PtxType.S32 or PtxType.F32))
        {
            Unsupported($"selection by {sign.Word}");
        }

        int a = Source(1, type);
        int b = Source(2, type);
        int c = Source(3, sign);
        int p = _code.NewRegister(1);
        Emit(Known(CompareOf(".ge", sign, flush)), d0: p, a: c, b: _code.Constant(0, 32));
        EmitSelect(type, Destination(0, type), a, b, p);
    }

    private void CompileTestProperty(Modifiers modifiers)
    {
        string property = modifiers.TakeOneOf(".finite", ".infinite", ".number", ".notanumber", ".normal", ".subnormal");
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(2);
        Handler handler = (property, type) switch
        {
            (".finite", PtxType.F32) => &Lanes.Compare<float, IsFinite<float>>,
            (".infinite", PtxType.F32) => &Lanes.Compare<float, IsInfinite<float>>,
            (".number", PtxType.F32) => &Lanes.Compare<float, IsNumber<float>>,
            (".notanumber", PtxType.F32) => &Lanes.Compare<float, IsNotANumber<float>>,
            (".normal", PtxType.F32) => &Lanes.Compare<float, IsNormal<float>>,
            (".subnormal", PtxType.F32) => &Lanes.Compare<float, IsSubnormal<float>>,
            (".finite", PtxType.F64) => &Lanes.Compare<double, IsFinite<double>>,
            (".infinite", PtxType.F64) => &Lanes.Compare<double, IsInfinite<double>>,
            (".number", PtxType.F64) => &Lanes.Compare<double, IsNumber<double>>,
            (".notanumber", PtxType.F64) => &Lanes.Compare<double, IsNotANumber<double>>,
            (".normal", PtxType.F64) => &Lanes.Compare<double, IsNormal<double>>,
            (".subnormal", PtxType.F64) => &Lanes.Compare<double, IsSubnormal<double>>,
            _ => null,
        };
        int a = Source(1, type);
        Emit(Known(handler), d0: Destination(0, PtxType.Pred), a: a, b: a);
    }

    private static BooleanCombination TakeCombination(Modifiers modifiers) => modifiers.TakeOneOf(".and", ".or", ".xor") switch
    {
        ".and" => BooleanCombination.And,
        ".or" => BooleanCombination.Or,
        ".xor" => BooleanCombination.Xor,
        _ => BooleanCombination.None,
    };

    private void EmitSelect(PtxType type, int d, int a, int b, int p)
    {
        Handler handler = type.Bits switch
        {
            16 => &Lanes.Select<ushort>,
            32 => &Lanes.Select<uint>,
            64 => &Lanes.Select<ulong>,
            _ => null,
        };
        Emit(Known(handler), d0: d, a: a, b: b, c: p);
    }

    private static Handler CompareOf(string comparison, PtxType type, bool flush = false) => (type, flush) switch
    {
        (PtxType.B16, false) => EqualityOf<ushort>(comparison),
        (PtxType.B32, false) => EqualityOf<uint>(comparison),
        (PtxType.B64, false) => EqualityOf<ulong>(comparison),
        (PtxType.U16, false) => IntegerCompareOf<ushort>(comparison),
        (PtxType.U32, false) => IntegerCompareOf<uint>(comparison),
        (PtxType.U64, false) => IntegerCompareOf<ulong>(comparison),
        (PtxType.S16, false) => SignedCompareOf<short>(comparison),
        (PtxType.S32, false) => SignedCompareOf<int>(comparison),
        (PtxType.S64, false) => SignedCompareOf<long>(comparison),
        (PtxType.F32, false) => FloatCompareOf<float>(comparison),
        (PtxType.F32, true) => FlushedCompareOf(comparison),
        (PtxType.F64, false) => FloatCompareOf<double>(comparison),
        (PtxType.F16, false) => HalfCompareOf(comparison),
        _ => null,
    };

    private static Handler EqualityOf<T>(string comparison)
        where T : unmanaged => comparison switch
        {
            ".eq" => &Lanes.VectorCompare<T, Equal<T>>,
            ".ne" => &Lanes.VectorCompare<T, Negated<T, Equal<T>>>,
            _ => null,
        };

    private static Handler IntegerCompareOf<T>(string comparison)
        where T : unmanaged => comparison switch
        {
            ".lt" or ".lo" => &Lanes.VectorCompare<T, Less<T>>,
            ".le" or ".ls" => &Lanes.VectorCompare<T, LessOrEqual<T>>,
            ".gt" or ".hi" => &Lanes.VectorCompare<T, Greater<T>>,
            ".ge" or ".hs" => &Lanes.VectorCompare<T, GreaterOrEqual<T>>,
            _ => EqualityOf<T>(comparison),
        };

    // .lo, .ls, .hi and .hs are for unsigned types.
    private static Handler SignedCompareOf<T>(string comparison)
        where T : unmanaged => comparison is ".lo" or ".ls" or ".hi" or ".hs" ? null : IntegerCompareOf<T>(comparison);

    private static Handler FloatCompareOf<T>(string comparison)
        where T : unmanaged => comparison switch
        {
            ".eq" => &Lanes.VectorCompare<T, Equal<T>>,
            ".ne" => &Lanes.VectorCompare<T, NotEqualOrdered<T>>,
            ".lt" => &Lanes.VectorCompare<T, Less<T>>,
            ".le" => &Lanes.VectorCompare<T, LessOrEqual<T>>,
            ".gt" => &Lanes.VectorCompare<T, Greater<T>>,
            ".ge" => &Lanes.VectorCompare<T, GreaterOrEqual<T>>,
            ".equ" => &Lanes.VectorCompare<T, Negated<T, NotEqualOrdered<T>>>,
            ".neu" => &Lanes.VectorCompare<T, Negated<T, Equal<T>>>,
            ".ltu" => &Lanes.VectorCompare<T, Negated<T, GreaterOrEqual<T>>>,
            ".leu" => &Lanes.VectorCompare<T, Negated<T, Greater<T>>>,
            ".gtu" => &Lanes.VectorCompare<T, Negated<T, LessOrEqual<T>>>,
            ".geu" => &Lanes.VectorCompare<T, Negated<T, Less<T>>>,
            ".num" => &Lanes.VectorCompare<T, BothNumbers<T>>,
            ".nan" => &Lanes.VectorCompare<T, Negated<T, BothNumbers<T>>>,
            _ => null,
        };

    private static Handler FlushedCompareOf(string comparison) => comparison switch
    {
        ".eq" => &Lanes.VectorCompare<float, FlushedCompare<Equal<float>>>,
        ".ne" => &Lanes.VectorCompare<float, FlushedCompare<NotEqualOrdered<float>>>,
        ".lt" => &Lanes.VectorCompare<float, FlushedCompare<Less<float>>>,
        ".le" => &Lanes.VectorCompare<float, FlushedCompare<LessOrEqual<float>>>,
        ".gt" => &Lanes.VectorCompare<float, FlushedCompare<Greater<float>>>,
        ".ge" => &Lanes.VectorCompare<float, FlushedCompare<GreaterOrEqual<float>>>,
        ".equ" => &Lanes.VectorCompare<float, FlushedCompare<Negated<float, NotEqualOrdered<float>>>>,
        ".neu" => &Lanes.VectorCompare<float, FlushedCompare<Negated<float, Equal<float>>>>,
        ".ltu" => &Lanes.VectorCompare<float, FlushedCompare<Negated<float, GreaterOrEqual<float>>>>,
        ".leu" => &Lanes.VectorCompare<float, FlushedCompare<Negated<float, Greater<float>>>>,
        ".gtu" => &Lanes.VectorCompare<float, FlushedCompare<Negated<float, LessOrEqual<float>>>>,
        ".geu" => &Lanes.VectorCompare<float, FlushedCompare<Negated<float, Less<float>>>>,
        ".num" or ".nan" => FloatCompareOf<float>(comparison),
        _ => null,
    };
}
