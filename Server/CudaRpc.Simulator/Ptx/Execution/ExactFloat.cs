using System.Numerics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Arithmetic in rounding modes that the host cannot be asked for. f32 goes through double, rounded to odd; f64 takes the nearest
/// result and moves it by one unit where the exact value lies on the other side. The latter allocates: such instructions are rare.
/// </summary>
internal static class ExactFloat
{
    /// <summary>
    /// Moves a nearest-rounded result to the odd neighbour unless it is exact; <paramref name="error"/> has the sign of exact - result.
    /// </summary>
    public static double RoundToOdd(double result, double error)
    {
        if (error == 0 || !double.IsFinite(result) || (BitConverter.DoubleToUInt64Bits(result) & 1) != 0)
        {
            return result;
        }

        return error > 0 ? Math.BitIncrement(result) : Math.BitDecrement(result);
    }

    /// <summary>a + b rounded to odd. Exact for sums that do not overflow.</summary>
    public static double AddToOdd(double a, double b)
    {
        double sum = a + b;
        double part = sum - a;
        double error = (a - (sum - part)) + (b - part);
        return RoundToOdd(sum, error);
    }

    /// <summary>a * b + c for operands whose product is exact in double: f32 and narrower.</summary>
    public static double FusedToOdd(double a, double b, double c, RoundingMode mode)
    {
        double product = a * b;
        double sum = AddToOdd(product, c);
        return sum == 0 ? ZeroSum(product, c, mode) : sum;
    }

    /// <summary>a / b for f32 operands, rounded to odd.</summary>
    public static double DivideToOdd(double a, double b)
    {
        double quotient = a / b;
        double remainder = double.IsFinite(quotient) && double.IsFinite(b) ? Math.FusedMultiplyAdd(-quotient, b, a) : 0;
        return RoundToOdd(quotient, b < 0 ? -remainder : remainder);
    }

    /// <summary>Square root of an f32 operand, rounded to odd.</summary>
    public static double SquareRootToOdd(double a)
    {
        double root = Math.Sqrt(a);
        return RoundToOdd(root, double.IsFinite(root) ? Math.FusedMultiplyAdd(-root, root, a) : 0);
    }

    /// <summary>a * b + c in f64.</summary>
    public static double FusedMultiplyAdd(double a, double b, double c, RoundingMode mode)
    {
        double nearest = Math.FusedMultiplyAdd(a, b, c);
        if (nearest == 0 && SignOf(a, b, c, 1, 0) == 0)
        {
            return ZeroSum(a * b, c, mode);
        }

        bool finite = double.IsFinite(a) && double.IsFinite(b) && double.IsFinite(c);
        return finite ? Direct(nearest, q => SignOf(a, b, c, q, 1), mode) : nearest;
    }

    /// <summary>a / b in f64.</summary>
    public static double Divide(double a, double b, RoundingMode mode)
    {
        double nearest = a / b;
        bool finite = double.IsFinite(a) && double.IsFinite(b) && b != 0;
        return finite ? Direct(nearest, q => Math.Sign(b) * SignOf(a, 1, 0, q, b), mode) : nearest;
    }

    /// <summary>Square root in f64.</summary>
    public static double SquareRoot(double a, RoundingMode mode)
    {
        double nearest = Math.Sqrt(a);
        return double.IsFinite(nearest) ? Direct(nearest, q => SignOf(a, 1, 0, q, q), mode) : nearest;
    }

    // IEEE 754: an exact zero from operands of opposite sign is -0 only when rounding down.
    private static double ZeroSum(double a, double b, RoundingMode mode)
    {
        bool bothNegative = double.IsNegative(a) && double.IsNegative(b);
        bool anyNegative = double.IsNegative(a) || double.IsNegative(b);
        return bothNegative || (anyNegative && mode == RoundingMode.Down) ? -0.0 : 0.0;
    }

    private static double Direct(double nearest, Func<double, int> signOfError, RoundingMode mode)
    {
        // Compared with the largest number, what overflowed is beyond it.
        bool overflow = double.IsInfinity(nearest);
        int error = overflow ? -Math.Sign(nearest) : signOfError(nearest);
        bool up = error > 0 && (mode == RoundingMode.Up || (mode == RoundingMode.Zero && double.IsNegative(nearest)));
        bool down = error < 0 && (mode == RoundingMode.Down || (mode == RoundingMode.Zero && !double.IsNegative(nearest)));
        return up ? Math.BitIncrement(nearest) : down ? Math.BitDecrement(nearest) : nearest;
    }

    /// <summary>Sign of a * b + c - q * d, exactly.</summary>
    private static int SignOf(double a, double b, double c, double q, double d)
    {
        (BigInteger product, int exponent) = Multiply(a, b);
        (BigInteger subtrahend, int subtrahendExponent) = Multiply(-q, d);
        (BigInteger addend, int addendExponent) = Multiply(c, 1);
        int lowest = Math.Min(exponent, Math.Min(subtrahendExponent, addendExponent));
        BigInteger sum = (product << (exponent - lowest)) + (subtrahend << (subtrahendExponent - lowest))
            + (addend << (addendExponent - lowest));
        return sum.Sign;
    }

    private static (BigInteger Significand, int Exponent) Multiply(double a, double b)
    {
        (long left, int leftExponent) = Split(a);
        (long right, int rightExponent) = Split(b);
        return ((BigInteger)left * right, leftExponent + rightExponent);
    }

    private static (long Significand, int Exponent) Split(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7ff;
        long fraction = (long)(bits & 0xf_ffff_ffff_ffff);
        long significand = exponent == 0 ? fraction : fraction | (1L << 52);
        return (double.IsNegative(value) ? -significand : significand, Math.Max(exponent, 1) - 1075);
    }
}
