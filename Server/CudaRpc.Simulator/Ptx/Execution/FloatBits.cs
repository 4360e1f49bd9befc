using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>What PTX does to f32 results beyond IEEE: one NaN, flushed subnormals, saturation.</summary>
internal static class FloatBits
{
    /// <summary>The only NaN that f32 arithmetic makes.</summary>
    public static float CanonicalNaN => BitConverter.UInt32BitsToSingle(0x7fff_ffff);

    private static float SmallestNormal => BitConverter.UInt32BitsToSingle(0x0080_0000);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Canonical(Vector256<float> value) =>
        Vector256.ConditionalSelect(Vector256.Equals(value, value), value, Vector256.Create(0x7fff_ffffu).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Canonical(float value) => float.IsNaN(value) ? CanonicalNaN : value;

    /// <summary>.ftz: subnormals become zeros of the same sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Flush(Vector256<float> value)
    {
        Vector256<float> sign = value & Vector256.Create(-0.0f);
        return Vector256.ConditionalSelect(Vector256.LessThan(Vector256.Abs(value), Vector256.Create(SmallestNormal)), sign, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Flush(float value) => MathF.Abs(value) < SmallestNormal ? MathF.CopySign(0, value) : value;

    /// <summary>.sat: clamped to [0, 1], NaN becomes 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Saturate(Vector256<float> value)
    {
        Vector256<float> below = Vector256.ConditionalSelect(Vector256.LessThan(value, Vector256<float>.One), value, Vector256<float>.One);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(value, Vector256<float>.Zero), below, Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Saturate(float value) => value > 0 ? MathF.Min(value, 1) : 0;
}
