using System.Numerics;
using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>An operation on up to three values in a rounding mode.</summary>
internal interface IRounded<T>
{
    static abstract T Invoke(T a, T b, T c, RoundingMode mode);
}

internal readonly struct RoundedAddF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) => RoundedFusedF32.Invoke(a, 1, b, mode);
}

internal readonly struct RoundedSubtractF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) => RoundedFusedF32.Invoke(a, 1, -b, mode);
}

internal readonly struct RoundedMultiplyF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) => (float)FloatFormat.Single.Round((double)a * b, mode);
}

internal readonly struct RoundedFusedF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) =>
        (float)FloatFormat.Single.Round(ExactFloat.FusedToOdd(a, b, c, mode), mode);
}

internal readonly struct RoundedDivideF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) =>
        (float)FloatFormat.Single.Round(ExactFloat.DivideToOdd(a, b), mode);
}

internal readonly struct RoundedReciprocalF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) => RoundedDivideF32.Invoke(1, a, 0, mode);
}

internal readonly struct RoundedSquareRootF32 : IRounded<float>
{
    public static float Invoke(float a, float b, float c, RoundingMode mode) =>
        (float)FloatFormat.Single.Round(ExactFloat.SquareRootToOdd(a), mode);
}

internal readonly struct RoundedAddF64 : IRounded<double>
{
    public static double Invoke(double a, double b, double c, RoundingMode mode) => ExactFloat.FusedMultiplyAdd(a, 1, b, mode);
}

internal readonly struct RoundedSubtractF64 : IRounded<double>
{
    public static double Invoke(double a, double b, double c, RoundingMode mode) => ExactFloat.FusedMultiplyAdd(a, 1, -b, mode);
}

internal readonly struct RoundedMultiplyF64 : IRounded<double>
{
    // The sign of zero that the addend has to have for a zero product to keep its own.
    public static double Invoke(double a, double b, double c, RoundingMode mode) =>
        ExactFloat.FusedMultiplyAdd(a, b, double.IsNegative(a) != double.IsNegative(b) ? -0.0 : 0.0, mode);
}

internal readonly struct RoundedFusedF64 : IRounded<double>
{
    public static double Invoke(double a, double b, double c, RoundingMode mode) => ExactFloat.FusedMultiplyAdd(a, b, c, mode);
}

internal readonly struct RoundedDivideF64 : IRounded<double>
{
    public static double Invoke(double a, double b, double c, RoundingMode mode) => ExactFloat.Divide(a, b, mode);
}

internal readonly struct RoundedReciprocalF64 : IRounded<double>
{
    public static double Invoke(double a, double b, double c, RoundingMode mode) => ExactFloat.Divide(1, a, mode);
}

internal readonly struct RoundedSquareRootF64 : IRounded<double>
{
    public static double Invoke(double a, double b, double c, RoundingMode mode) => ExactFloat.SquareRoot(a, mode);
}

/// <summary>Handlers for these: the mode is in Aux; operands that the operation lacks are constants.</summary>
internal static unsafe class RoundedHandlers
{
    /// <summary>Bit of <see cref="Instruction.Immediate"/>: .ftz.</summary>
    public const long Flush = 1;

    /// <summary>Bit of <see cref="Instruction.Immediate"/>: .sat.</summary>
    public const long Saturate = 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Single<TOperation>(Worker worker, Instruction* instruction, uint mask)
        where TOperation : struct, IRounded<float>
    {
        float* d = (float*)worker.Register(instruction->D0);
        float* a = (float*)worker.Operand(instruction->A);
        float* b = (float*)worker.Operand(instruction->B);
        float* c = (float*)worker.Operand(instruction->C);
        var mode = (RoundingMode)instruction->Aux;
        bool flush = (instruction->Immediate & Flush) != 0;
        bool saturate = (instruction->Immediate & Saturate) != 0;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            float result = flush
                ? FloatBits.Flush(TOperation.Invoke(FloatBits.Flush(a[lane]), FloatBits.Flush(b[lane]), FloatBits.Flush(c[lane]), mode))
                : TOperation.Invoke(a[lane], b[lane], c[lane], mode);
            d[lane] = saturate ? FloatBits.Saturate(result) : FloatBits.Canonical(result);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Double<TOperation>(Worker worker, Instruction* instruction, uint mask)
        where TOperation : struct, IRounded<double>
    {
        double* d = (double*)worker.Register(instruction->D0);
        double* a = (double*)worker.Operand(instruction->A);
        double* b = (double*)worker.Operand(instruction->B);
        double* c = (double*)worker.Operand(instruction->C);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            d[lane] = TOperation.Invoke(a[lane], b[lane], c[lane], (RoundingMode)instruction->Aux);
        }
    }
}
