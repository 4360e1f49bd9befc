using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

// f32 operations are composed: Canonical around the IEEE operation, Flushed around that for .ftz, Saturated around that for .sat.
// The digit is the number of operands.
internal readonly struct Canonical1<TOperation> : IVectorUnary<float>
    where TOperation : struct, IVectorUnary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a) => FloatBits.Canonical(TOperation.Invoke(a));
}

internal readonly struct Canonical2<TOperation> : IVectorBinary<float>
    where TOperation : struct, IVectorBinary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) => FloatBits.Canonical(TOperation.Invoke(a, b));
}

internal readonly struct Canonical3<TOperation> : IVectorTernary<float>
    where TOperation : struct, IVectorTernary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        FloatBits.Canonical(TOperation.Invoke(a, b, c));
}

internal readonly struct Flushed1<TOperation> : IVectorUnary<float>
    where TOperation : struct, IVectorUnary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a) => FloatBits.Flush(TOperation.Invoke(FloatBits.Flush(a)));
}

internal readonly struct Flushed2<TOperation> : IVectorBinary<float>
    where TOperation : struct, IVectorBinary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) =>
        FloatBits.Flush(TOperation.Invoke(FloatBits.Flush(a), FloatBits.Flush(b)));
}

internal readonly struct Flushed3<TOperation> : IVectorTernary<float>
    where TOperation : struct, IVectorTernary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        FloatBits.Flush(TOperation.Invoke(FloatBits.Flush(a), FloatBits.Flush(b), FloatBits.Flush(c)));
}

internal readonly struct Saturated1<TOperation> : IVectorUnary<float>
    where TOperation : struct, IVectorUnary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a) => FloatBits.Saturate(TOperation.Invoke(a));
}

internal readonly struct Saturated2<TOperation> : IVectorBinary<float>
    where TOperation : struct, IVectorBinary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) => FloatBits.Saturate(TOperation.Invoke(a, b));
}

internal readonly struct Saturated3<TOperation> : IVectorTernary<float>
    where TOperation : struct, IVectorTernary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        FloatBits.Saturate(TOperation.Invoke(a, b, c));
}

/// <summary>Compares what .ftz leaves of the operands.</summary>
internal readonly struct FlushedCompare<TCompare> : IVectorCompare<float>
    where TCompare : struct, IVectorCompare<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) =>
        TCompare.Invoke(FloatBits.Flush(a), FloatBits.Flush(b));
}

internal readonly struct FusedMultiplyAddF32 : IVectorTernary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);
}

internal readonly struct FusedMultiplyAddF64 : IVectorTernary<double>
{
    public static Vector256<double> Invoke(Vector256<double> a, Vector256<double> b, Vector256<double> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);
}

internal readonly struct DivideF<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a / b;
}

internal readonly struct ReciprocalF<T> : IVectorUnary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a) => Vector256<T>.One / a;
}

internal readonly struct SquareRootF<T> : IVectorUnary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a) => Vector256.Sqrt(a);
}

/// <summary>min: the number where one operand is NaN, -0 below +0.</summary>
internal readonly struct MinimumNumber<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.MinNumber(a, b);
}

internal readonly struct MaximumNumber<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.MaxNumber(a, b);
}

/// <summary>min.NaN: NaN where an operand is NaN.</summary>
internal readonly struct MinimumOrNaN : IVectorBinary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) => Vector256.Min(a, b);
}

internal readonly struct MaximumOrNaN : IVectorBinary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) => Vector256.Max(a, b);
}

/// <summary>min.xorsign.abs and max.xorsign.abs: of the magnitudes, with the product's sign.</summary>
internal readonly struct XorSign<TOperation> : IVectorBinary<float>
    where TOperation : struct, IVectorBinary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a, Vector256<float> b) =>
        TOperation.Invoke(Vector256.Abs(a), Vector256.Abs(b)) | ((a ^ b) & Vector256.Create(-0.0f));
}

internal readonly struct AbsoluteF<T> : IVectorUnary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a) => Vector256.Abs(a);
}

internal readonly struct NegateF32 : IVectorUnary<float>
{
    public static Vector256<float> Invoke(Vector256<float> a) => a ^ Vector256.Create(-0.0f);
}

internal readonly struct NegateF64 : IVectorUnary<double>
{
    public static Vector256<double> Invoke(Vector256<double> a) => a ^ Vector256.Create(-0.0);
}
