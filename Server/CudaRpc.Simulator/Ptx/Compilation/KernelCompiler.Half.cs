using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>f16 and bf16 arithmetic.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileHalf(string opcode, PtxType type, Modifiers modifiers)
    {
        bool brain = type is PtxType.BF16 or PtxType.BF16X2;
        bool packed = type is PtxType.F16X2 or PtxType.BF16X2;
        bool flush = modifiers.Take(".ftz");
        if (opcode is "abs" or "neg")
        {
            CompileHalfSign(opcode, type, modifiers, flush);
            return;
        }

        bool approximate = opcode is "ex2" or "tanh";
        bool arithmetic = opcode is "add" or "sub" or "mul" or "fma";
        if ((approximate && !modifiers.Take(".approx")) || (!modifiers.Take(".rn") && opcode == "fma"))
        {
            Unsupported("rounding is missing");
        }

        bool saturate = arithmetic && modifiers.Take(".sat");
        bool rectify = opcode == "fma" && modifiers.Take(".relu");
        bool nan = opcode is "min" or "max" && modifiers.Take(".NaN");
        Handler handler = (brain, packed) switch
        {
            (false, false) => HalfOf<Float16>(opcode, nan),
            (false, true) => PackedOf<Float16>(opcode, nan),
            (true, false) => HalfOf<BrainFloat16>(opcode, nan),
            _ => PackedOf<BrainFloat16>(opcode, nan),
        };
        modifiers.Finish();
        int sources = opcode == "fma" ? 3 : approximate ? 1 : 2;
        ExpectOperands(sources + 1);
        PtxType register = packed ? PtxType.B32 : PtxType.B16;
        int zero = _code.Constant(0, register.Bits);
        int a = Source(1, register);
        int b = sources > 1 ? Source(2, register) : zero;
        int c = sources > 2 ? Source(3, register) : zero;
        int flags = (flush ? HalfHandlers.Flush : 0) | (saturate ? HalfHandlers.Saturate : 0) | (rectify ? HalfHandlers.Rectify : 0);
        Emit(Known(handler), d0: Destination(0, register), a: a, b: b, c: c, aux: flags);
    }

    private void CompileHalfSign(string opcode, PtxType type, Modifiers modifiers, bool flush)
    {
        modifiers.Finish();
        ExpectOperands(2);
        bool packed = type.Bits == 32;
        PtxType register = packed ? PtxType.B32 : PtxType.B16;
        bool absolute = opcode == "abs";
        ulong bits = absolute ? packed ? 0x7fff_7fffu : 0x7fffu : packed ? 0x8000_8000u : 0x8000u;
        Handler handler = (absolute, packed) switch
        {
            (true, true) => &Lanes.Vector2<uint, And<uint>>,
            (true, false) => &Lanes.Vector2<ushort, And<ushort>>,
            (false, true) => &Lanes.Vector2<uint, Xor<uint>>,
            _ => &Lanes.Vector2<ushort, Xor<ushort>>,
        };
        int a = Source(1, register);
        Emit(Known(flush ? null : handler), d0: Destination(0, register), a: a, b: _code.Constant(bits, register.Bits));
    }

    private static Handler HalfOf<TFormat>(string opcode, bool nan)
        where TFormat : struct, IHalfFormat => (opcode, nan) switch
        {
            ("add", _) => &HalfHandlers.Single<TFormat, HalfAdd>,
            ("sub", _) => &HalfHandlers.Single<TFormat, HalfSubtract>,
            ("mul", _) => &HalfHandlers.Single<TFormat, HalfMultiply>,
            ("fma", _) => &HalfHandlers.Single<TFormat, HalfFused>,
            ("min", false) => &HalfHandlers.Single<TFormat, HalfMinimum>,
            ("max", false) => &HalfHandlers.Single<TFormat, HalfMaximum>,
            ("min", true) => &HalfHandlers.Single<TFormat, HalfMinimumOrNaN>,
            ("max", true) => &HalfHandlers.Single<TFormat, HalfMaximumOrNaN>,
            ("ex2", _) => &HalfHandlers.Single<TFormat, HalfExponential>,
            ("tanh", _) => &HalfHandlers.Single<TFormat, HalfTangent>,
            _ => null,
        };

    private static Handler PackedOf<TFormat>(string opcode, bool nan)
        where TFormat : struct, IHalfFormat => (opcode, nan) switch
        {
            ("add", _) => &HalfHandlers.Packed<TFormat, HalfAdd>,
            ("sub", _) => &HalfHandlers.Packed<TFormat, HalfSubtract>,
            ("mul", _) => &HalfHandlers.Packed<TFormat, HalfMultiply>,
            ("fma", _) => &HalfHandlers.Packed<TFormat, HalfFused>,
            ("min", false) => &HalfHandlers.Packed<TFormat, HalfMinimum>,
            ("max", false) => &HalfHandlers.Packed<TFormat, HalfMaximum>,
            ("min", true) => &HalfHandlers.Packed<TFormat, HalfMinimumOrNaN>,
            ("max", true) => &HalfHandlers.Packed<TFormat, HalfMaximumOrNaN>,
            ("ex2", _) => &HalfHandlers.Packed<TFormat, HalfExponential>,
            ("tanh", _) => &HalfHandlers.Packed<TFormat, HalfTangent>,
            _ => null,
        };

    private static Handler HalfCompareOf(string comparison) => comparison switch
    {
        ".eq" => &Lanes.Compare<ushort, HalfCompare<ScalarEqual>>,
        ".ne" => &Lanes.Compare<ushort, HalfCompare<ScalarNotEqual>>,
        ".lt" => &Lanes.Compare<ushort, HalfCompare<ScalarLess>>,
        ".le" => &Lanes.Compare<ushort, HalfCompare<ScalarLessOrEqual>>,
        ".gt" => &Lanes.Compare<ushort, HalfCompare<ScalarSwapped<ScalarLess>>>,
        ".ge" => &Lanes.Compare<ushort, HalfCompare<ScalarSwapped<ScalarLessOrEqual>>>,
        ".equ" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarNotEqual>>>,
        ".neu" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarEqual>>>,
        ".ltu" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarSwapped<ScalarLessOrEqual>>>>,
        ".leu" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarSwapped<ScalarLess>>>>,
        ".gtu" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarLessOrEqual>>>,
        ".geu" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarLess>>>,
        ".num" => &Lanes.Compare<ushort, HalfCompare<ScalarNumbers>>,
        ".nan" => &Lanes.Compare<ushort, HalfCompare<ScalarNegated<ScalarNumbers>>>,
        _ => null,
    };
}
