using System.Numerics;
using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>What a cvt does; packed into <see cref="Instruction.Immediate"/>.</summary>
/// <param name="Source">Type of the operand.</param>
/// <param name="Result">Type of the result.</param>
/// <param name="Rounding">For results that are not exact.</param>
/// <param name="Integral">.rni, .rzi, .rmi, .rpi: to an integral value.</param>
/// <param name="Flush">.ftz.</param>
/// <param name="Saturate">.sat.</param>
/// <param name="Rectify">.relu: negative results become 0, NaN stays.</param>
internal readonly record struct Conversion(
    PtxType Source, PtxType Result, RoundingMode Rounding, bool Integral, bool Flush, bool Saturate, bool Rectify)
{
    public long Pack() => (long)Source | ((long)Result << 8) | ((long)Rounding << 16)
        | (Integral ? 1L << 24 : 0) | (Flush ? 1L << 25 : 0) | (Saturate ? 1L << 26 : 0) | (Rectify ? 1L << 27 : 0);

    public static Conversion Unpack(long packed) => new(
        (PtxType)(packed & 0xff),
        (PtxType)((packed >> 8) & 0xff),
        (RoundingMode)((packed >> 16) & 0xff),
        (packed & (1L << 24)) != 0,
        (packed & (1L << 25)) != 0,
        (packed & (1L << 26)) != 0,
        (packed & (1L << 27)) != 0);
}

/// <summary>cvt in all generality, a lane at a time; the common ones have operations of their own.</summary>
internal static unsafe class ConvertHandlers
{
    /// <summary>Aux: bytes of the source register, and of the result's times 16.</summary>
    public static void Any(Worker worker, Instruction* instruction, uint mask)
    {
        Conversion conversion = Conversion.Unpack(instruction->Immediate);
        int sourceBytes = instruction->Aux & 15;
        int resultBytes = instruction->Aux >> 4;
        byte* d = worker.Register(instruction->D0);
        byte* a = worker.Operand(instruction->A);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            ulong value = sourceBytes switch
            {
                2 => ((ushort*)a)[lane],
                4 => ((uint*)a)[lane],
                _ => ((ulong*)a)[lane],
            };
            value = Convert(value, conversion);
            switch (resultBytes)
            {
                case 2:
                    ((ushort*)d)[lane] = (ushort)value;
                    break;
                case 4:
                    ((uint*)d)[lane] = (uint)value;
                    break;
                default:
                    ((ulong*)d)[lane] = value;
                    break;
            }
        }
    }

    /// <summary>cvt.rn.f16x2.f32 and cvt.rn.bf16x2.f32: A becomes the upper half, B the lower.</summary>
    public static void Pack(Worker worker, Instruction* instruction, uint mask)
    {
        Conversion conversion = Conversion.Unpack(instruction->Immediate);
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = ((uint)Convert(a[lane], conversion) << 16) | (uint)Convert(b[lane], conversion);
        }
    }

    /// <summary>The result as it goes into a 64-bit register: narrower ones take the low bits.</summary>
    public static ulong Convert(ulong bits, Conversion conversion)
    {
        if (!conversion.Source.IsFloat)
        {
            Int128 value = ToInteger(bits, conversion.Source);
            return conversion.Result.IsFloat ? FromInteger(value, conversion) : Extend(value, conversion);
        }

        double number = ToDouble(bits, conversion);
        return conversion.Result.IsFloat ? FromFloat(number, conversion) : RoundToInteger(number, conversion);
    }

    private static Int128 ToInteger(ulong bits, PtxType type) => type switch
    {
        PtxType.S8 => (sbyte)bits,
        PtxType.S16 => (short)bits,
        PtxType.S32 => (int)bits,
        PtxType.S64 => (long)bits,
        PtxType.U8 or PtxType.B8 => (byte)bits,
        PtxType.U16 or PtxType.B16 => (ushort)bits,
        PtxType.U32 or PtxType.B32 => (uint)bits,
        _ => bits,
    };

    private static ulong Extend(Int128 value, Conversion conversion)
    {
        if (conversion.Saturate)
        {
            (Int128 least, Int128 most) = Range(conversion.Result);
            value = Int128.Clamp(value, least, most);
        }

        return (ulong)(long)ToInteger(unchecked((ulong)value), conversion.Result);
    }

    private static (Int128 Least, Int128 Most) Range(PtxType type)
    {
        int bits = type.Bits;
        return type.IsSigned ? (-(Int128.One << (bits - 1)), (Int128.One << (bits - 1)) - 1) : (0, (Int128.One << bits) - 1);
    }

    private static double ToDouble(ulong bits, Conversion conversion)
    {
        float single = BitConverter.UInt32BitsToSingle((uint)bits);
        return conversion.Source switch
        {
            PtxType.F16 => HalfBits.ToDouble((ushort)bits),
            PtxType.BF16 => HalfBits.BFloat16ToDouble((ushort)bits),
            PtxType.F32 => conversion.Flush ? FloatBits.Flush(single) : single,
            _ => BitConverter.UInt64BitsToDouble(bits),
        };
    }

    private static ulong FromInteger(Int128 value, Conversion conversion)
    {
        ulong magnitude = (ulong)Int128.Abs(value);
        bool negative = value < 0;
        if (conversion.Result == PtxType.F64)
        {
            double result = ToNearbyDouble(magnitude, negative, conversion.Rounding);
            return BitConverter.DoubleToUInt64Bits(conversion.Saturate ? Saturate(result) : result);
        }

        double odd = ToOddDouble(magnitude);
        return Narrow(negative ? -odd : odd, conversion);
    }

    // The 53 highest bits, the last of them set when any lower one is.
    private static double ToOddDouble(ulong magnitude)
    {
        int excess = 11 - BitOperations.LeadingZeroCount(magnitude);
        if (excess <= 0)
        {
            return magnitude;
        }

        ulong kept = magnitude >> excess;
        ulong lost = magnitude & ((1UL << excess) - 1);
        return Math.ScaleB(kept | (lost != 0 ? 1u : 0), excess);
    }

    private static double ToNearbyDouble(ulong magnitude, bool negative, RoundingMode mode)
    {
        int excess = Math.Max(0, 11 - BitOperations.LeadingZeroCount(magnitude));
        ulong kept = magnitude >> excess;
        ulong lost = magnitude & ((1UL << excess) - 1);
        ulong half = (1UL << excess) >> 1;
        bool away = mode switch
        {
            RoundingMode.Zero => false,
            RoundingMode.Down => negative && lost != 0,
            RoundingMode.Up => !negative && lost != 0,
            _ => lost > half || (lost == half && lost != 0 && (kept & 1) != 0),
        };
        double result = Math.ScaleB(kept + (away ? 1u : 0), excess);
        return negative ? -result : result;
    }

    private static ulong RoundToInteger(double number, Conversion conversion)
    {
        PtxType type = conversion.Result;
        if (double.IsNaN(number))
        {
            // PTX ISA, cvt: zero, except where either side is 64 bits wide.
            bool wide = conversion.Source == PtxType.F64 || type.Bits == 64;
            return wide ? (ulong)(long)ToInteger(1UL << (type.Bits - 1), type) : 0;
        }

        (Int128 least, Int128 most) = Range(type);
        double integral = FloatFormat.Integral(number, conversion.Rounding);
        Int128 value = integral <= (double)least ? least : integral >= (double)most ? most : (Int128)integral;
        return unchecked((ulong)value);
    }

    private static ulong FromFloat(double number, Conversion conversion)
    {
        if (conversion.Integral)
        {
            number = FloatFormat.Integral(number, conversion.Rounding);
        }

        if (conversion.Result != PtxType.F64)
        {
            return Narrow(number, conversion);
        }

        return BitConverter.DoubleToUInt64Bits(conversion.Saturate ? Saturate(number) : number);
    }

    private static ulong Narrow(double number, Conversion conversion)
    {
        if (conversion.Saturate)
        {
            number = Saturate(number);
        }

        if (conversion.Rectify && number < 0)
        {
            number = 0;
        }

        switch (conversion.Result)
        {
            case PtxType.F16 or PtxType.F16X2:
                return HalfBits.FromDouble(number, conversion.Rounding);
            case PtxType.BF16 or PtxType.BF16X2:
                return HalfBits.BFloat16FromDouble(number, conversion.Rounding);
            default:
                float single = (float)FloatFormat.Single.Round(number, conversion.Rounding);
                single = conversion.Flush ? FloatBits.Flush(single) : single;
                return BitConverter.SingleToUInt32Bits(FloatBits.Canonical(single));
        }
    }

    private static double Saturate(double value) => value > 0 ? Math.Min(value, 1) : 0;
}
