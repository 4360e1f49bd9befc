using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>cvt and mov.</summary>
internal sealed unsafe partial class KernelCompiler
{
    // cvt[.rnd][.ftz][.sat][.relu].dtype.atype d, a[, b]
    private void CompileConvert(Modifiers modifiers)
    {
        string word = modifiers.TakeOneOf(".rni", ".rzi", ".rmi", ".rpi");
        bool integral = word != "";
        RoundingMode? rounding = integral ? IntegralRounding(word) : TakeRounding(modifiers);
        bool flush = modifiers.Take(".ftz");
        bool saturate = modifiers.Take(".sat");
        bool rectify = modifiers.Take(".relu");
        PtxType result = modifiers.TakeType();
        PtxType source = modifiers.TakeType();
        modifiers.Finish();
        var conversion = new Conversion(source, result, rounding ?? RoundingMode.Nearest, integral, flush, saturate, rectify);
        CheckConversion(conversion, rounding is not null);
        if (result is PtxType.F16X2 or PtxType.BF16X2)
        {
            ExpectOperands(3);
            int high = Source(1, source);
            int low = Source(2, source);
            Emit(&ConvertHandlers.Pack, d0: Destination(0, PtxType.B32), a: high, b: low, immediate: conversion.Pack());
            return;
        }

        ExpectOperands(2);
        int a = ConvertSource(source, out int sourceWidth);
        int d = ConvertDestination(result, out int resultWidth);
        Handler handler = saturate || flush || rectify ? null : CommonConversion(conversion, sourceWidth, resultWidth);
        if (handler is not null)
        {
            Emit(handler, d0: d, a: a);
        }
        else
        {
            Emit(&ConvertHandlers.Any, d0: d, a: a, aux: sourceWidth / 8 | (resultWidth / 8 << 4), immediate: conversion.Pack());
        }
    }

    private static RoundingMode IntegralRounding(string word) => word switch
    {
        ".rni" => RoundingMode.Nearest,
        ".rzi" => RoundingMode.Zero,
        ".rmi" => RoundingMode.Down,
        _ => RoundingMode.Up,
    };

    private void CheckConversion(Conversion conversion, bool hasRounding)
    {
        (PtxType source, PtxType result) = (conversion.Source, conversion.Result);
        bool packs = result is PtxType.F16X2 or PtxType.BF16X2;
        bool known = (source.IsInteger || source is PtxType.F16 or PtxType.BF16 or PtxType.F32 or PtxType.F64)
            && (result.IsInteger || packs || result is PtxType.F16 or PtxType.BF16 or PtxType.F32 or PtxType.F64);
        bool half = result.IsFloat && result.Bits < 32;
        bool allowed = (source.IsFloat, result.IsFloat) switch
        {
            (false, false) => !hasRounding && !conversion.Flush && !conversion.Rectify,
            (true, false) => conversion.Integral && !conversion.Rectify,
            (false, true) => hasRounding && !conversion.Integral && !conversion.Rectify,
            (true, true) when packs => source == PtxType.F32 && hasRounding && !conversion.Integral,
            // bf16 and f16 cannot be turned into each other, nor bf16 into f64, before PTX 8.6; the rounding of narrowing is mandatory.
            (true, true) when source == result => (conversion.Integral || !hasRounding) && !conversion.Rectify,
            (true, true) when source.Bits == result.Bits => false,
            (true, true) => !conversion.Integral && (hasRounding || source.Bits < result.Bits) && (half || !conversion.Rectify),
        };
        if (!known || !allowed || (conversion.Flush && source != PtxType.F32 && result != PtxType.F32))
        {
            Unsupported("no such conversion");
        }
    }

    // Integers may come from wider registers, and go to such.
    private int ConvertSource(PtxType type, out int width)
    {
        OperandSyntax operand = OperandAt(1);
        width = Math.Max(type.Bits, 16);
        bool isRegister = operand.Kind == OperandKind.Name && Find(operand.Name!) is RegisterSymbol;
        if (isRegister && !type.IsFloat)
        {
            return AnyRegister(operand, type.Bits, out width);
        }

        return Source(operand, type.Bits == 8 ? PtxType.U16 : type);
    }

    private int ConvertDestination(PtxType type, out int width)
    {
        if (!type.IsFloat)
        {
            return AnyRegister(OperandAt(0), type.Bits, out width);
        }

        width = type.Bits;
        return Destination(0, type);
    }

    // Null where the general handler has to do it.
    private static Handler CommonConversion(Conversion conversion, int sourceWidth, int resultWidth)
    {
        (PtxType source, PtxType result) = (conversion.Source, conversion.Result);
        if (!source.IsFloat && !result.IsFloat)
        {
            return CommonIntegerConversion(source, result, sourceWidth, resultWidth);
        }

        if (sourceWidth != source.Bits || resultWidth != result.Bits)
        {
            return null;
        }

        return (source, result, conversion.Rounding) switch
        {
            (PtxType.S32, PtxType.F32, RoundingMode.Nearest) => &Lanes.Map1<int, float, S32ToF32>,
            (PtxType.U32, PtxType.F32, RoundingMode.Nearest) => &Lanes.Map1<uint, float, U32ToF32>,
            (PtxType.S16, PtxType.F32, _) => &Lanes.Map1<short, float, S16ToF32>,
            (PtxType.U16, PtxType.F32, _) => &Lanes.Map1<ushort, float, U16ToF32>,
            (PtxType.S32, PtxType.F64, _) => &Lanes.Map1<int, double, S32ToF64>,
            (PtxType.U32, PtxType.F64, _) => &Lanes.Map1<uint, double, U32ToF64>,
            (PtxType.F32, PtxType.S32, RoundingMode.Zero) => &Lanes.Map1<float, int, F32ToS32>,
            (PtxType.F32, PtxType.U32, RoundingMode.Zero) => &Lanes.Map1<float, uint, F32ToU32>,
            (PtxType.F32, PtxType.F64, _) => &Lanes.Map1<float, double, F32ToF64>,
            (PtxType.F64, PtxType.F32, RoundingMode.Nearest) => &Lanes.Map1<double, float, F64ToF32>,
            (PtxType.F16, PtxType.F32, _) => &Lanes.Map1<Half, float, F16ToF32>,
            (PtxType.F32, PtxType.F16, RoundingMode.Nearest) => &Lanes.Map1<float, ushort, F32ToF16>,
            _ => null,
        };
    }

    private static Handler CommonIntegerConversion(PtxType source, PtxType result, int sourceWidth, int resultWidth)
    {
        if (source.Bits == 8 && sourceWidth == 16)
        {
            return (source.IsSigned, result.Bits == resultWidth ? resultWidth : 0) switch
            {
                (false, 16) => &Lanes.Map1<ushort, ushort, TruncateBy<ushort, byte, ushort>>,
                (false, 32) => &Lanes.Map1<ushort, uint, TruncateBy<ushort, byte, uint>>,
                (true, 16) => &Lanes.Map1<ushort, ushort, TruncateBy<ushort, sbyte, ushort>>,
                (true, 32) => &Lanes.Map1<ushort, uint, TruncateBy<ushort, sbyte, uint>>,
                _ => null,
            };
        }

        if (source.Bits != sourceWidth || result.Bits != resultWidth)
        {
            return null;
        }

        return (source.IsSigned, sourceWidth, resultWidth) switch
        {
            (_, 16, 16) => &Lanes.Move<ushort>,
            (_, 32, 32) => &Lanes.Move<uint>,
            (_, 64, 64) => &Lanes.Move<ulong>,
            (_, 32, 16) => &Lanes.Map1<uint, ushort, Truncate<uint, ushort>>,
            (_, 64, 16) => &Lanes.Map1<ulong, ushort, Truncate<ulong, ushort>>,
            (_, 64, 32) => &WideningHandlers.U64ToU32,
            (false, 16, 32) => &Lanes.Map1<ushort, uint, Truncate<ushort, uint>>,
            (false, 16, 64) => &Lanes.Map1<ushort, ulong, Truncate<ushort, ulong>>,
            (false, 32, 64) => &WideningHandlers.U32ToU64,
            (true, 16, 32) => &Lanes.Map1<short, uint, Truncate<short, uint>>,
            (true, 16, 64) => &Lanes.Map1<short, ulong, Truncate<short, ulong>>,
            _ => &WideningHandlers.S32ToS64,
        };
    }

    private void CompileMove(Modifiers modifiers)
    {
        PtxType type = modifiers.TakeType();
        modifiers.Finish();
        ExpectOperands(2);
        OperandSyntax to = OperandAt(0);
        OperandSyntax from = OperandAt(1);
        if (to.Kind == OperandKind.Vector)
        {
            CompileUnpack(type, to, from);
        }
        else if (from.Kind == OperandKind.Vector)
        {
            CompilePack(type, to, from);
        }
        else if (type == PtxType.Pred)
        {
            int p = PlainPredicate(from);
            Emit(&PredicateHandlers.Move, d0: Destination(to, type), a: p);
        }
        else
        {
            int a = Source(from, type);
            EmitMove(type, Destination(to, type), a);
        }
    }

    private void EmitMove(PtxType type, int d, int a)
    {
        Handler handler = type.Bits switch
        {
            16 => &Lanes.Move<ushort>,
            32 => &Lanes.Move<uint>,
            64 => &Lanes.Move<ulong>,
            _ => null,
        };
        Emit(Known(handler), d0: d, a: a);
    }

    // mov.b64 {lo, hi}, d
    private void CompileUnpack(PtxType type, OperandSyntax to, OperandSyntax from)
    {
        PtxType part = PartOf(type, to.Elements.Count);
        int a = Source(from, type);
        for (int i = 0; i < to.Elements.Count; i++)
        {
            if (to.Elements[i].Name != "_")
            {
                Handler handler = (type.Bits, part.Bits) switch
                {
                    (64, 32) => &MoveHandlers.Unpack<ulong, uint>,
                    (64, 16) => &MoveHandlers.Unpack<ulong, ushort>,
                    _ => &MoveHandlers.Unpack<uint, ushort>,
                };
                Emit(handler, d0: Destination(to.Elements[i], part), a: a, aux: i * part.Bits);
            }
        }
    }

    // mov.b64 d, {lo, hi}
    private void CompilePack(PtxType type, OperandSyntax to, OperandSyntax from)
    {
        PtxType part = PartOf(type, from.Elements.Count);
        Handler handler = (type.Bits, part.Bits) switch
        {
            (64, 32) => &MoveHandlers.Pack2<uint, ulong>,
            (32, 16) => &MoveHandlers.Pack2<ushort, uint>,
            _ => &MoveHandlers.Pack4,
        };
        int a = Source(from.Elements[0], part);
        int b = Source(from.Elements[1], part);
        int c = from.Elements.Count == 4 ? Source(from.Elements[2], part) : None;
        int e = from.Elements.Count == 4 ? Source(from.Elements[3], part) : None;
        Emit(handler, d0: Destination(to, type), a: a, b: b, c: c, e: e);
    }

    private PtxType PartOf(PtxType type, int count) => (type.Bits, count) switch
    {
        (64, 2) => PtxType.B32,
        (64, 4) => PtxType.B16,
        (32, 2) => PtxType.B16,
        _ => throw Error($"a vector of {count} is not supported here"),
    };
}
