using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

// The .approx instructions, computed in double and rounded once: closer to the exact value than hardware.

/// <summary>An operation on doubles that <see cref="InDouble{TOperation}"/> makes one on f32 of.</summary>
internal readonly struct InDouble<TOperation> : IVectorUnary<float>
    where TOperation : struct, IVectorUnary<double>
{
    public static Vector256<float> Invoke(Vector256<float> a)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(a);
        return Vector256.Narrow(TOperation.Invoke(low), TOperation.Invoke(high));
    }
}

/// <summary>A function of one lane, applied to each.</summary>
internal readonly struct EachLane<TOperation> : IVectorUnary<double>
    where TOperation : struct, IUnary<double, double>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Invoke(Vector256<double> a) => Vector256.Create(
        TOperation.Invoke(a[0]), TOperation.Invoke(a[1]), TOperation.Invoke(a[2]), TOperation.Invoke(a[3]));
}

internal readonly struct Exponential2 : IUnary<double, double>
{
    public static double Invoke(double a) => Math.Pow(2, a);
}

internal readonly struct Logarithm2 : IUnary<double, double>
{
    public static double Invoke(double a) => Math.Log2(a);
}

internal readonly struct Sine : IUnary<double, double>
{
    public static double Invoke(double a) => Math.Sin(a);
}

internal readonly struct Cosine : IUnary<double, double>
{
    public static double Invoke(double a) => Math.Cos(a);
}

internal readonly struct HyperbolicTangent : IUnary<double, double>
{
    public static double Invoke(double a) => Math.Tanh(a);
}

/// <summary>rsqrt: of -0 it is -infinity.</summary>
internal readonly struct ReciprocalSquareRoot : IVectorUnary<double>
{
    public static Vector256<double> Invoke(Vector256<double> a) => Vector256<double>.One / Vector256.Sqrt(a);
}

/// <summary>rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64: only the upper 32 bits of operand and result count.</summary>
internal readonly struct UpperHalf<TOperation> : IVectorUnary<double>
    where TOperation : struct, IVectorUnary<double>
{
    public static Vector256<double> Invoke(Vector256<double> a)
    {
        Vector256<ulong> upper = Vector256.Create(0xffff_ffff_0000_0000);
        Vector256<double> result = TOperation.Invoke(Flush((a.AsUInt64() & upper).AsDouble()));
        return (Flush(result).AsUInt64() & upper).AsDouble();
    }

    private static Vector256<double> Flush(Vector256<double> value)
    {
        Vector256<double> smallest = Vector256.Create(2.2250738585072014e-308);
        return Vector256.ConditionalSelect(Vector256.LessThan(Vector256.Abs(value), smallest), value & Vector256.Create(-0.0), value);
    }
}
