namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>f16 and bf16 as the 16 bits that a register holds. Their only NaN is 0x7fff.</summary>
internal static class HalfBits
{
    public const ushort NaN = 0x7fff;

    public static double ToDouble(ushort bits) => (double)BitConverter.UInt16BitsToHalf(bits);

    public static double BFloat16ToDouble(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Rounds to nearest.</summary>
    public static ushort FromSingle(float value) => float.IsNaN(value) ? NaN : BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>Rounds <paramref name="value"/>, exact or rounded to odd.</summary>
    public static ushort FromDouble(double value, RoundingMode mode) =>
        double.IsNaN(value) ? NaN : BitConverter.HalfToUInt16Bits((Half)FloatFormat.Half.Round(value, mode));

    /// <summary>Rounds <paramref name="value"/>, exact or rounded to odd.</summary>
    public static ushort BFloat16FromDouble(double value, RoundingMode mode) =>
        double.IsNaN(value) ? NaN : (ushort)(BitConverter.SingleToUInt32Bits((float)FloatFormat.BFloat16.Round(value, mode)) >> 16);
}
