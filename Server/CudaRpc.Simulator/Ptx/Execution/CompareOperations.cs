using System.Numerics;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

// The ordered comparisons of setp. The unordered ones are their negations: equ is not ne, ltu is not ge, ...
internal readonly struct Equal<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, b);
}

internal readonly struct Less<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b);
}

internal readonly struct LessOrEqual<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.LessThanOrEqual(a, b);
}

internal readonly struct Greater<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThan(a, b);
}

internal readonly struct GreaterOrEqual<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThanOrEqual(a, b);
}

/// <summary>num: neither operand is NaN.</summary>
internal readonly struct BothNumbers<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, a) & Vector256.Equals(b, b);
}

/// <summary>ne: both are numbers, and differ.</summary>
internal readonly struct NotEqualOrdered<T> : IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => ~Vector256.Equals(a, b) & BothNumbers<T>.Invoke(a, b);
}

internal readonly struct Negated<T, TCompare> : IVectorCompare<T>
    where TCompare : struct, IVectorCompare<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => ~TCompare.Invoke(a, b);
}

// testp: comparisons that look at one operand.
internal readonly struct IsFinite<T> : ICompare<T>
    where T : IFloatingPoint<T>
{
    public static bool Invoke(T a, T b) => T.IsFinite(a);
}

internal readonly struct IsInfinite<T> : ICompare<T>
    where T : IFloatingPoint<T>
{
    public static bool Invoke(T a, T b) => T.IsInfinity(a);
}

internal readonly struct IsNumber<T> : ICompare<T>
    where T : IFloatingPoint<T>
{
    public static bool Invoke(T a, T b) => !T.IsNaN(a);
}

internal readonly struct IsNotANumber<T> : ICompare<T>
    where T : IFloatingPoint<T>
{
    public static bool Invoke(T a, T b) => T.IsNaN(a);
}

internal readonly struct IsNormal<T> : ICompare<T>
    where T : IFloatingPoint<T>
{
    public static bool Invoke(T a, T b) => T.IsNormal(a);
}

internal readonly struct IsSubnormal<T> : ICompare<T>
    where T : IFloatingPoint<T>
{
    public static bool Invoke(T a, T b) => T.IsSubnormal(a);
}

/// <summary>copysign: b with the sign of a.</summary>
internal readonly struct CopySignF32 : IVectorBinary<uint>
{
    public static Vector256<uint> Invoke(Vector256<uint> a, Vector256<uint> b) =>
        Vector256.ConditionalSelect(Vector256.Create(0x8000_0000), a, b);
}

internal readonly struct CopySignF64 : IVectorBinary<ulong>
{
    public static Vector256<ulong> Invoke(Vector256<ulong> a, Vector256<ulong> b) =>
        Vector256.ConditionalSelect(Vector256.Create(1UL << 63), a, b);
}
