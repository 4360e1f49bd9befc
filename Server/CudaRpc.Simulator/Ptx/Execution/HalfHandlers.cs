using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>A 16-bit floating-point format.</summary>
internal interface IHalfFormat
{
    static abstract double SmallestNormal { get; }

    static abstract double Decode(ushort bits);

    /// <summary>Rounds to nearest; <paramref name="value"/> is exact or rounded to odd.</summary>
    static abstract ushort Encode(double value);
}

internal readonly struct Float16 : IHalfFormat
{
    public static double SmallestNormal => 6.103515625e-05;

    public static double Decode(ushort bits) => HalfBits.ToDouble(bits);

    public static ushort Encode(double value) => HalfBits.FromDouble(value, RoundingMode.Nearest);
}

internal readonly struct BrainFloat16 : IHalfFormat
{
    public static double SmallestNormal => 1.1754943508222875e-38;

    public static double Decode(ushort bits) => HalfBits.BFloat16ToDouble(bits);

    public static ushort Encode(double value) => HalfBits.BFloat16FromDouble(value, RoundingMode.Nearest);
}

/// <summary>An operation in double whose result is exact or rounded to odd.</summary>
internal interface IHalfOperation
{
    static abstract double Invoke(double a, double b, double c);
}

internal readonly struct HalfAdd : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => ExactFloat.AddToOdd(a, b);
}

internal readonly struct HalfSubtract : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => ExactFloat.AddToOdd(a, -b);
}

internal readonly struct HalfMultiply : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => a * b;
}

internal readonly struct HalfFused : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => ExactFloat.FusedToOdd(a, b, c, RoundingMode.Nearest);
}

internal readonly struct HalfMinimum : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => double.MinNumber(a, b);
}

internal readonly struct HalfMaximum : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => double.MaxNumber(a, b);
}

internal readonly struct HalfMinimumOrNaN : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => Math.Min(a, b);
}

internal readonly struct HalfMaximumOrNaN : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => Math.Max(a, b);
}

internal readonly struct HalfExponential : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => Math.Pow(2, a);
}

internal readonly struct HalfTangent : IHalfOperation
{
    public static double Invoke(double a, double b, double c) => Math.Tanh(a);
}

/// <summary>Arithmetic on f16 and bf16, one or two to a register.</summary>
internal static unsafe class HalfHandlers
{
    public const int Flush = 1;
    public const int Saturate = 2;
    public const int Rectify = 4;

    /// <summary>One value per lane; Aux holds the flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Single<TFormat, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where TFormat : struct, IHalfFormat
        where TOperation : struct, IHalfOperation
    {
        ushort* d = (ushort*)worker.Register(instruction->D0);
        ushort* a = (ushort*)worker.Operand(instruction->A);
        ushort* b = (ushort*)worker.Operand(instruction->B);
        ushort* c = (ushort*)worker.Operand(instruction->C);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = Invoke<TFormat, TOperation>(a[lane], b[lane], c[lane], instruction->Aux);
        }
    }

    /// <summary>Two values per lane; Aux holds the flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Packed<TFormat, TOperation>(Worker worker, Instruction* instruction, uint mask)
        where TFormat : struct, IHalfFormat
        where TOperation : struct, IHalfOperation
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        uint* b = (uint*)worker.Operand(instruction->B);
        uint* c = (uint*)worker.Operand(instruction->C);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            uint low = Invoke<TFormat, TOperation>((ushort)a[lane], (ushort)b[lane], (ushort)c[lane], instruction->Aux);
            uint high = Invoke<TFormat, TOperation>(
                (ushort)(a[lane] >> 16), (ushort)(b[lane] >> 16), (ushort)(c[lane] >> 16), instruction->Aux);
            d[lane] = (high << 16) | low;
        }
    }

    /// <summary>f16 and bf16 additions that atomics do.</summary>
    public static ushort Add<TFormat>(ushort a, ushort b)
        where TFormat : struct, IHalfFormat => Invoke<TFormat, HalfAdd>(a, b, 0, 0);

    private static ushort Invoke<TFormat, TOperation>(ushort a, ushort b, ushort c, int flags)
        where TFormat : struct, IHalfFormat
        where TOperation : struct, IHalfOperation
    {
        double result = flags == 0
            ? TOperation.Invoke(TFormat.Decode(a), TFormat.Decode(b), TFormat.Decode(c))
            : TOperation.Invoke(Input<TFormat>(a, flags), Input<TFormat>(b, flags), Input<TFormat>(c, flags));
        if ((flags & Saturate) != 0)
        {
            result = result > 0 ? Math.Min(result, 1) : 0;
        }

        if ((flags & Rectify) != 0 && result < 0)
        {
            result = 0;
        }

        ushort bits = TFormat.Encode(result);
        return (flags & Flush) != 0 && Math.Abs(TFormat.Decode(bits)) < TFormat.SmallestNormal ? (ushort)(bits & 0x8000) : bits;
    }

    private static double Input<TFormat>(ushort bits, int flags)
        where TFormat : struct, IHalfFormat
    {
        double value = TFormat.Decode(bits);
        return (flags & Flush) != 0 && Math.Abs(value) < TFormat.SmallestNormal ? Math.CopySign(0, value) : value;
    }
}

/// <summary>A comparison of f32 values applied to f16.</summary>
internal readonly struct HalfCompare<TCompare> : ICompare<ushort>
    where TCompare : struct, ICompare<double>
{
    public static bool Invoke(ushort a, ushort b) => TCompare.Invoke(HalfBits.ToDouble(a), HalfBits.ToDouble(b));
}

internal readonly struct ScalarEqual : ICompare<double>
{
    public static bool Invoke(double a, double b) => a == b;
}

internal readonly struct ScalarNotEqual : ICompare<double>
{
    public static bool Invoke(double a, double b) => a < b || a > b;
}

internal readonly struct ScalarLess : ICompare<double>
{
    public static bool Invoke(double a, double b) => a < b;
}

internal readonly struct ScalarLessOrEqual : ICompare<double>
{
    public static bool Invoke(double a, double b) => a <= b;
}

internal readonly struct ScalarNumbers : ICompare<double>
{
    public static bool Invoke(double a, double b) => !double.IsNaN(a) && !double.IsNaN(b);
}

internal readonly struct ScalarSwapped<TCompare> : ICompare<double>
    where TCompare : struct, ICompare<double>
{
    public static bool Invoke(double a, double b) => TCompare.Invoke(b, a);
}

internal readonly struct ScalarNegated<TCompare> : ICompare<double>
    where TCompare : struct, ICompare<double>
{
    public static bool Invoke(double a, double b) => !TCompare.Invoke(a, b);
}
