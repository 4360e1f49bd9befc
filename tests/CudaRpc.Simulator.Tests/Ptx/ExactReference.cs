using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Rounding of exact fractions, by definition: slow, and independent of any floating-point unit.</summary>
internal sealed class ExactReference(int precision, int minimumExponent, int maximumExponent)
{
    public static readonly ExactReference Half = new(11, -14, 15);
    public static readonly ExactReference BFloat16 = new(8, -126, 127);
    public static readonly ExactReference Single = new(24, -126, 127);
    public static readonly ExactReference Double = new(53, -1022, 1023);

    /// <summary>A finite number as significand times two to the exponent.</summary>
    public static (BigInteger Significand, int Exponent) Split(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7ff;
        BigInteger significand = (bits & 0xf_ffff_ffff_ffff) | (exponent == 0 ? 0 : 1UL << 52);
        return (double.IsNegative(value) ? -significand : significand, Math.Max(exponent, 1) - 1075);
    }

    /// <summary>Product plus addend of finite numbers, exactly, as a fraction.</summary>
    public static (BigInteger Numerator, BigInteger Denominator) Fused(double a, double b, double c)
    {
        (BigInteger x, int ex) = Split(a);
        (BigInteger y, int ey) = Split(b);
        (BigInteger z, int ez) = Split(c);
        int lowest = Math.Min(ex + ey, ez);
        BigInteger sum = (x * y << (ex + ey - lowest)) + (z << (ez - lowest));
        return lowest >= 0 ? (sum << lowest, 1) : (sum, BigInteger.One << -lowest);
    }

    public static (BigInteger Numerator, BigInteger Denominator) Quotient(double a, double b)
    {
        (BigInteger x, int ex) = Split(a);
        (BigInteger y, int ey) = Split(b);
        int shift = ex - ey;
        (x, y) = shift >= 0 ? (x << shift, y) : (x, y << -shift);
        return y.Sign < 0 ? (-x, -y) : (x, y);
    }

    /// <summary>The value of the format nearest in the direction of <paramref name="mode"/> (rn, rz, rm, rp). Zero is positive.</summary>
    public double Round(BigInteger numerator, BigInteger denominator, string mode)
    {
        if (numerator.IsZero)
        {
            return 0;
        }

        bool negative = numerator.Sign < 0;
        BigInteger magnitude = BigInteger.Abs(numerator);
        int exponent = (int)(magnitude.GetBitLength() - denominator.GetBitLength());
        exponent -= Compare(magnitude, denominator, exponent) < 0 ? 1 : 0; // 2^exponent <= value < 2^(exponent + 1)
        int unit = Math.Max(exponent, minimumExponent) - (precision - 1);
        (BigInteger scaled, BigInteger divisor) = unit >= 0 ? (magnitude, denominator << unit) : (magnitude << -unit, denominator);
        BigInteger whole = BigInteger.DivRem(scaled, divisor, out BigInteger rest);
        int half = (rest * 2).CompareTo(divisor);
        bool up = mode switch
        {
            "rz" => false,
            "rm" => negative && !rest.IsZero,
            "rp" => !negative && !rest.IsZero,
            _ => half > 0 || (half == 0 && !whole.IsEven),
        };
        whole += up ? 1 : 0;
        return Pack(whole, unit, negative, mode);
    }

    private static int Compare(BigInteger magnitude, BigInteger denominator, int exponent) =>
        exponent >= 0 ? magnitude.CompareTo(denominator << exponent) : (magnitude << -exponent).CompareTo(denominator);

    private double Pack(BigInteger whole, int unit, bool negative, string mode)
    {
        BigInteger largest = (BigInteger.One << precision) - 1;
        int top = maximumExponent - (precision - 1);
        bool overflow = unit > top || (unit == top && whole > largest) || whole.GetBitLength() + unit > maximumExponent + 1;
        double result;
        if (overflow)
        {
            bool toLargest = mode == "rz" || mode == (negative ? "rp" : "rm");
            result = toLargest ? Math.ScaleB((double)largest, top) : double.PositiveInfinity;
        }
        else
        {
            // In two steps: the second is exact also where the first would be subnormal.
            result = unit < -1000 ? Math.ScaleB(Math.ScaleB((double)whole, -500), unit + 500) : Math.ScaleB((double)whole, unit);
        }

        return negative ? -result : result;
    }
}
