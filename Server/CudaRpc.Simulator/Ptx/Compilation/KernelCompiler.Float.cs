using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>f32 and f64 arithmetic.</summary>
internal sealed unsafe partial class KernelCompiler
{
    private void CompileFloat(string opcode, PtxType type, Modifiers modifiers)
    {
        if (type is PtxType.F16 or PtxType.F16X2 or PtxType.BF16 or PtxType.BF16X2)
        {
            CompileHalf(opcode, type, modifiers);
            return;
        }

        bool approximate = modifiers.Take(".approx");
        bool full = opcode == "div" && modifiers.Take(".full");
        RoundingMode? rounding = TakeRounding(modifiers);
        bool flush = modifiers.Take(".ftz");
        bool saturate = type == PtxType.F32 && modifiers.Take(".sat");
        if (type is not (PtxType.F32 or PtxType.F64) || (type == PtxType.F64 && flush && !approximate))
        {
            Unsupported("unknown type or modifier");
        }

        if (opcode is "sin" or "cos" or "ex2" or "lg2" or "tanh" or "rsqrt" || (approximate && opcode is "rcp" or "sqrt"))
        {
            Handler handler = approximate && rounding is null ? ApproximateOf(opcode, type, flush) : null;
            Unary(modifiers, type, type, saturate ? null : handler);
            return;
        }

        if (opcode is "min" or "max" or "abs" or "neg")
        {
            bool plain = !approximate && rounding is null && !saturate;
            CompileFloatSign(opcode, type, modifiers, plain && !(flush && type == PtxType.F64), flush);
            return;
        }

        bool needsRounding = opcode is "fma" or "rcp" or "sqrt" || (opcode == "div" && !approximate && !full);
        bool known = (opcode == "div" || !approximate) && (!needsRounding || rounding is not null);
        bool nearest = rounding is null or RoundingMode.Nearest;
        Handler operation = !known ? null : nearest ? NearestOf(opcode, type, flush, saturate) : RoundedOf(opcode, type);
        CompileRounded(opcode, type, modifiers, operation, rounding ?? RoundingMode.Nearest, flush, saturate);
    }

    private static RoundingMode? TakeRounding(Modifiers modifiers) => modifiers.TakeOneOf(".rn", ".rz", ".rm", ".rp") switch
    {
        ".rn" => RoundingMode.Nearest,
        ".rz" => RoundingMode.Zero,
        ".rm" => RoundingMode.Down,
        ".rp" => RoundingMode.Up,
        _ => null,
    };

    private void CompileRounded(
        string opcode, PtxType type, Modifiers modifiers, Handler handler, RoundingMode mode, bool flush, bool saturate)
    {
        modifiers.Finish();
        int sources = opcode switch
        {
            "fma" or "mad" => 3,
            "rcp" or "sqrt" => 1,
            _ => 2,
        };
        ExpectOperands(sources + 1);
        // Operands that the operation lacks are zeros.
        int zero = _code.Constant(0, type.Bits);
        int a = Source(1, type);
        int b = sources > 1 ? Source(2, type) : zero;
        int c = sources > 2 ? Source(3, type) : zero;
        long flags = (flush ? RoundedHandlers.Flush : 0) | (saturate ? RoundedHandlers.Saturate : 0);
        Emit(Known(handler), d0: Destination(0, type), a: a, b: b, c: c, aux: (int)mode, immediate: flags);
    }

    private static Handler NearestOf(string opcode, PtxType type, bool flush, bool saturate) => (opcode, type) switch
    {
        ("add", PtxType.F32) => Composed2<Add<float>>(flush, saturate),
        ("sub", PtxType.F32) => Composed2<Subtract<float>>(flush, saturate),
        ("mul", PtxType.F32) => Composed2<Multiply<float>>(flush, saturate),
        ("div", PtxType.F32) => saturate ? null : Composed2<DivideF<float>>(flush, false),
        ("fma" or "mad", PtxType.F32) => Composed3<FusedMultiplyAddF32>(flush, saturate),
        ("rcp", PtxType.F32) => saturate ? null : Composed1<ReciprocalF<float>>(flush),
        ("sqrt", PtxType.F32) => saturate ? null : Composed1<SquareRootF<float>>(flush),
        ("add", PtxType.F64) => &Lanes.Vector2<double, Add<double>>,
        ("sub", PtxType.F64) => &Lanes.Vector2<double, Subtract<double>>,
        ("mul", PtxType.F64) => &Lanes.Vector2<double, Multiply<double>>,
        ("div", PtxType.F64) => &Lanes.Vector2<double, DivideF<double>>,
        ("fma" or "mad", PtxType.F64) => &Lanes.Vector3<double, FusedMultiplyAddF64>,
        ("rcp", PtxType.F64) => &Lanes.Vector1<double, ReciprocalF<double>>,
        ("sqrt", PtxType.F64) => &Lanes.Vector1<double, SquareRootF<double>>,
        _ => null,
    };

    private static Handler RoundedOf(string opcode, PtxType type) => (opcode, type) switch
    {
        ("add", PtxType.F32) => &RoundedHandlers.Single<RoundedAddF32>,
        ("sub", PtxType.F32) => &RoundedHandlers.Single<RoundedSubtractF32>,
        ("mul", PtxType.F32) => &RoundedHandlers.Single<RoundedMultiplyF32>,
        ("div", PtxType.F32) => &RoundedHandlers.Single<RoundedDivideF32>,
        ("fma" or "mad", PtxType.F32) => &RoundedHandlers.Single<RoundedFusedF32>,
        ("rcp", PtxType.F32) => &RoundedHandlers.Single<RoundedReciprocalF32>,
        ("sqrt", PtxType.F32) => &RoundedHandlers.Single<RoundedSquareRootF32>,
        ("add", PtxType.F64) => &RoundedHandlers.Double<RoundedAddF64>,
        ("sub", PtxType.F64) => &RoundedHandlers.Double<RoundedSubtractF64>,
        ("mul", PtxType.F64) => &RoundedHandlers.Double<RoundedMultiplyF64>,
        ("div", PtxType.F64) => &RoundedHandlers.Double<RoundedDivideF64>,
        ("fma" or "mad", PtxType.F64) => &RoundedHandlers.Double<RoundedFusedF64>,
        ("rcp", PtxType.F64) => &RoundedHandlers.Double<RoundedReciprocalF64>,
        ("sqrt", PtxType.F64) => &RoundedHandlers.Double<RoundedSquareRootF64>,
        _ => null,
    };

    private static Handler ApproximateOf(string opcode, PtxType type, bool flush) => (opcode, type, flush) switch
    {
        ("rcp", PtxType.F32, _) => Composed1<ReciprocalF<float>>(flush),
        ("sqrt", PtxType.F32, _) => Composed1<SquareRootF<float>>(flush),
        ("rsqrt", PtxType.F32, _) => Composed1<InDouble<ReciprocalSquareRoot>>(flush),
        ("sin", PtxType.F32, _) => Composed1<InDouble<EachLane<Sine>>>(flush),
        ("cos", PtxType.F32, _) => Composed1<InDouble<EachLane<Cosine>>>(flush),
        ("ex2", PtxType.F32, _) => Composed1<InDouble<EachLane<Exponential2>>>(flush),
        ("lg2", PtxType.F32, _) => Composed1<InDouble<EachLane<Logarithm2>>>(flush),
        ("tanh", PtxType.F32, false) => Composed1<InDouble<EachLane<HyperbolicTangent>>>(false),
        ("rcp", PtxType.F64, true) => &Lanes.Vector1<double, UpperHalf<ReciprocalF<double>>>,
        ("rsqrt", PtxType.F64, true) => &Lanes.Vector1<double, UpperHalf<ReciprocalSquareRoot>>,
        ("rsqrt", PtxType.F64, false) => &Lanes.Vector1<double, ReciprocalSquareRoot>,
        _ => null,
    };

    private void CompileFloatSign(string opcode, PtxType type, Modifiers modifiers, bool allowed, bool flush)
    {
        bool nan = type == PtxType.F32 && modifiers.Take(".NaN");
        bool xorSign = type == PtxType.F32 && modifiers.Take(".xorsign");
        if (xorSign && !modifiers.Take(".abs"))
        {
            Unsupported(".xorsign without .abs");
        }

        if (opcode is "abs" or "neg")
        {
            Handler handler = (opcode, type) switch
            {
                ("abs", PtxType.F32) => flush ? &Lanes.Vector1<float, Flushed1<AbsoluteF<float>>> : &Lanes.Vector1<float, AbsoluteF<float>>,
                ("neg", PtxType.F32) => flush ? &Lanes.Vector1<float, Flushed1<NegateF32>> : &Lanes.Vector1<float, NegateF32>,
                ("abs", PtxType.F64) => &Lanes.Vector1<double, AbsoluteF<double>>,
                _ => &Lanes.Vector1<double, NegateF64>,
            };
            Unary(modifiers, type, type, allowed && !nan && !xorSign ? handler : null);
            return;
        }

        Handler operation = (opcode, type, nan, xorSign) switch
        {
            ("min", PtxType.F32, false, false) => Composed2<MinimumNumber<float>>(flush, false),
            ("max", PtxType.F32, false, false) => Composed2<MaximumNumber<float>>(flush, false),
            ("min", PtxType.F32, true, false) => Composed2<MinimumOrNaN>(flush, false),
            ("max", PtxType.F32, true, false) => Composed2<MaximumOrNaN>(flush, false),
            ("min", PtxType.F32, false, true) => Composed2<XorSign<MinimumNumber<float>>>(flush, false),
            ("max", PtxType.F32, false, true) => Composed2<XorSign<MaximumNumber<float>>>(flush, false),
            ("min", PtxType.F32, true, true) => Composed2<XorSign<MinimumOrNaN>>(flush, false),
            ("max", PtxType.F32, true, true) => Composed2<XorSign<MaximumOrNaN>>(flush, false),
            ("min", PtxType.F64, false, false) => &Lanes.Vector2<double, MinimumNumber<double>>,
            ("max", PtxType.F64, false, false) => &Lanes.Vector2<double, MaximumNumber<double>>,
            _ => null,
        };
        Binary(modifiers, type, allowed ? operation : null);
    }

    private static Handler Composed1<TOperation>(bool flush)
        where TOperation : struct, IVectorUnary<float> =>
        flush ? &Lanes.Vector1<float, Flushed1<Canonical1<TOperation>>> : &Lanes.Vector1<float, Canonical1<TOperation>>;

    private static Handler Composed2<TOperation>(bool flush, bool saturate)
        where TOperation : struct, IVectorBinary<float> => (flush, saturate) switch
        {
            (false, false) => &Lanes.Vector2<float, Canonical2<TOperation>>,
            (true, false) => &Lanes.Vector2<float, Flushed2<Canonical2<TOperation>>>,
            (false, true) => &Lanes.Vector2<float, Saturated2<TOperation>>,
            _ => &Lanes.Vector2<float, Saturated2<Flushed2<TOperation>>>,
        };

    private static Handler Composed3<TOperation>(bool flush, bool saturate)
        where TOperation : struct, IVectorTernary<float> => (flush, saturate) switch
        {
            (false, false) => &Lanes.Vector3<float, Canonical3<TOperation>>,
            (true, false) => &Lanes.Vector3<float, Flushed3<Canonical3<TOperation>>>,
            (false, true) => &Lanes.Vector3<float, Saturated3<TOperation>>,
            _ => &Lanes.Vector3<float, Saturated3<Flushed3<TOperation>>>,
        };
}
