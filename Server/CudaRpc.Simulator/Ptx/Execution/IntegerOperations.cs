using System.Numerics;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

// One struct per operation; T is the lane type. Several also serve floating point, where the vector operator is IEEE's.

internal readonly struct Add<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a + b;
}

internal readonly struct Subtract<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a - b;
}

internal readonly struct Multiply<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a * b;
}

internal readonly struct And<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a & b;
}

internal readonly struct Or<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a | b;
}

internal readonly struct Xor<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => a ^ b;
}

internal readonly struct Not<T> : IVectorUnary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a) => ~a;
}

internal readonly struct Minimum<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.ConditionalSelect(Vector256.LessThan(b, a), b, a);
}

internal readonly struct Maximum<T> : IVectorBinary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b) => Vector256.ConditionalSelect(Vector256.GreaterThan(b, a), b, a);
}

internal readonly struct MultiplyAdd<T> : IVectorTernary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a, Vector256<T> b, Vector256<T> c) => a * b + c;
}

internal readonly struct Absolute<T> : IVectorUnary<T>
{
    public static Vector256<T> Invoke(Vector256<T> a) => Vector256.ConditionalSelect(Vector256.LessThan(a, Vector256<T>.Zero), -a, a);
}

/// <summary>add.sat.s32.</summary>
internal readonly struct AddSaturated : IBinary<int>
{
    public static int Invoke(int a, int b) => (int)Math.Clamp((long)a + b, int.MinValue, int.MaxValue);
}

/// <summary>sub.sat.s32.</summary>
internal readonly struct SubtractSaturated : IBinary<int>
{
    public static int Invoke(int a, int b) => (int)Math.Clamp((long)a - b, int.MinValue, int.MaxValue);
}

/// <summary>mad.hi.sat.s32: the sum saturates.</summary>
internal readonly struct MultiplyHighAddSaturated : ITernary<int>
{
    public static int Invoke(int a, int b, int c) => (int)Math.Clamp((((long)a * b) >> 32) + c, int.MinValue, int.MaxValue);
}

internal readonly struct MultiplyHighS16 : IBinary<short>
{
    public static short Invoke(short a, short b) => (short)((a * b) >> 16);
}

internal readonly struct MultiplyHighU16 : IBinary<ushort>
{
    public static ushort Invoke(ushort a, ushort b) => (ushort)(((uint)a * b) >> 16);
}

internal readonly struct MultiplyHighS32 : IBinary<int>
{
    public static int Invoke(int a, int b) => (int)(((long)a * b) >> 32);
}

internal readonly struct MultiplyHighU32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => (uint)(((ulong)a * b) >> 32);
}

internal readonly struct MultiplyHighS64 : IBinary<long>
{
    public static long Invoke(long a, long b) => Math.BigMul(a, b, out _);
}

internal readonly struct MultiplyHighU64 : IBinary<ulong>
{
    public static ulong Invoke(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

/// <summary>mad of the operation's product and a third value.</summary>
internal readonly struct ThenAdd<T, TProduct> : ITernary<T>
    where T : IBinaryInteger<T>
    where TProduct : struct, IBinary<T>
{
    public static T Invoke(T a, T b, T c) => unchecked(TProduct.Invoke(a, b) + c);
}

/// <summary>mul24.lo: the low 32 bits of a product of 24-bit numbers.</summary>
internal readonly struct Multiply24LowS32 : IBinary<int>
{
    public static int Invoke(int a, int b) => (int)((long)((a << 8) >> 8) * ((b << 8) >> 8));
}

internal readonly struct Multiply24LowU32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => (a & 0xff_ffff) * (b & 0xff_ffff);
}

/// <summary>mul24.hi: bits 47 to 16 of the product.</summary>
internal readonly struct Multiply24HighS32 : IBinary<int>
{
    public static int Invoke(int a, int b) => (int)(((long)((a << 8) >> 8) * ((b << 8) >> 8)) >> 16);
}

internal readonly struct Multiply24HighU32 : IBinary<uint>
{
    public static uint Invoke(uint a, uint b) => (uint)(((ulong)(a & 0xff_ffff) * (b & 0xff_ffff)) >> 16);
}

/// <summary>Division; by zero all bits are set, as on hardware (PTX leaves it open).</summary>
internal readonly struct Divide<T> : IBinary<T>
    where T : IBinaryInteger<T>, IMinMaxValue<T>
{
    public static T Invoke(T a, T b)
    {
        if (T.IsZero(b))
        {
            return T.AllBitsSet;
        }

        // The smallest number divided by -1 overflows: hardware wraps, the host traps.
        return b == T.AllBitsSet && T.IsNegative(b) ? unchecked(T.Zero - a) : a / b;
    }
}

/// <summary>Remainder; by zero it is the dividend.</summary>
internal readonly struct Remainder<T> : IBinary<T>
    where T : IBinaryInteger<T>
{
    public static T Invoke(T a, T b)
    {
        if (T.IsZero(b))
        {
            return a;
        }

        return b == T.AllBitsSet && T.IsNegative(b) ? T.Zero : a % b;
    }
}

/// <summary>sad: c + |a - b|.</summary>
internal readonly struct SumOfAbsoluteDifference<T> : ITernary<T>
    where T : IBinaryInteger<T>
{
    public static T Invoke(T a, T b, T c) => unchecked(c + (a < b ? b - a : a - b));
}
