using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>The four rounding modes of arithmetic, against exact fractions.</summary>
public sealed class RoundingTests
{
    public static TheoryData<string> Modes => ["rn", "rz", "rm", "rp"];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Add_Sub_Mul_F32(string mode)
    {
        Check32($"add.{mode}.f32 $d, $a, $b;", mode, (a, b, _) => a + b, (a, b, _) => ExactReference.Fused(a, 1, b), ZeroOfSum);
        Check32($"sub.{mode}.f32 $d, $a, $b;", mode, (a, b, _) => a - b, (a, b, _) => ExactReference.Fused(a, 1, -b), (a, b, _, m) =>
            ZeroOfSum(a, -b, 0, m));
        Check32($"mul.{mode}.f32 $d, $a, $b;", mode, (a, b, _) => a * b, (a, b, _) => ExactReference.Fused(a, b, 0), ZeroOfProduct);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Fma_F32(string mode) => Check32(
        $"fma.{mode}.f32 $d, $a, $b, $c;", mode, (a, b, c) => MathF.FusedMultiplyAdd((float)a, (float)b, (float)c), ExactReference.Fused,
            ZeroOfFused);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Div_Rcp_F32(string mode)
    {
        Check32($"div.{mode}.f32 $d, $a, $b;", mode, (a, b, _) => a / b, (a, b, _) => ExactReference.Quotient(a, b), ZeroOfProduct);
        Check32($"rcp.{mode}.f32 $d, $a;", mode, (a, _, _) => 1 / a, (a, _, _) => ExactReference.Quotient(1, a), ZeroOfProduct);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Sqrt_F32(string mode) => OperationBench.Check<float, float>(
        $"sqrt.{mode}.f32 $d, $a;", a => a > 0 && float.IsFinite(a)
            ? (float)SquareRoot(a, mode, ExactReference.Single) : Canonical(MathF.Sqrt(a)));

    [Theory]
    [MemberData(nameof(Modes))]
    public void Add_Sub_Mul_F64(string mode)
    {
        Check64($"add.{mode}.f64", "$a, $b", mode, (a, b, _) => a + b, (a, b, _) => ExactReference.Fused(a, 1, b), ZeroOfSum);
        Check64($"sub.{mode}.f64", "$a, $b", mode, (a, b, _) => a - b, (a, b, _) => ExactReference.Fused(a, 1, -b), (a, b, _, m) =>
            ZeroOfSum(a, -b, 0, m));
        Check64($"mul.{mode}.f64", "$a, $b", mode, (a, b, _) => a * b, (a, b, _) => ExactReference.Fused(a, b, 0), ZeroOfProduct);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Fma_F64(string mode) =>
        Check64($"fma.{mode}.f64", "$a, $b, $c", mode, Math.FusedMultiplyAdd, ExactReference.Fused, ZeroOfFused);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Div_Rcp_F64(string mode)
    {
        Check64($"div.{mode}.f64", "$a, $b", mode, (a, b, _) => a / b, (a, b, _) => ExactReference.Quotient(a, b), ZeroOfProduct);
        Check64($"rcp.{mode}.f64", "$a", mode, (a, _, _) => 1 / a, (a, _, _) => ExactReference.Quotient(1, a), ZeroOfProduct);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Sqrt_F64(string mode) => OperationBench.Check<double, double>(
        $"sqrt.{mode}.f64 %rd10, $a; setp.nan.f64 %p1, %rd10, %rd10; selp.b64 $d, 0x7ff8000000000000, %rd10, %p1;",
        a => a > 0 && double.IsFinite(a) ? SquareRoot(a, mode, ExactReference.Double) : NaN(Math.Sqrt(a)));

    [Fact]
    public void Fma_DoublesThatNearlyCancel_KeepTheLastBit()
    {
        double a = 1 + Math.BitIncrement(0.5) - 0.5;
        double[] values = [a, -a, a * a, -(a * a), Math.BitIncrement(a * a), 1e-300, -1e-300, 1e300, double.Epsilon];
        double[] x = [.. values.SelectMany(_ => values)];
        double[] y = [.. values.SelectMany(value => Enumerable.Repeat(value, values.Length))];
        double[] z = [.. x.Select((_, i) => -values[i * 5 % values.Length])];
        foreach (string mode in (string[])["rn", "rz", "rm", "rp"])
        {
            OperationBench.Check($"fma.{mode}.f64 $d, $a, $b, $c;", x, y, z, (p, q, r) =>
                Expected(p, q, r, mode, Math.FusedMultiplyAdd, ExactReference.Fused, ZeroOfFused, ExactReference.Double));
        }
    }

    private static double ZeroOfSum(double a, double b, double c, string mode)
    {
        bool negative = double.IsNegative(a) == double.IsNegative(b) ? double.IsNegative(a) : mode == "rm";
        return negative ? -0.0 : 0.0;
    }

    private static double ZeroOfProduct(double a, double b, double c, string mode) =>
        double.IsNegative(a) != double.IsNegative(b) ? -0.0 : 0.0;

    private static double ZeroOfFused(double a, double b, double c, string mode) => ZeroOfSum(ZeroOfProduct(a, b, 0, mode), c, 0, mode);

    private static double SquareRoot(double a, string mode, ExactReference format)
    {
        // Enough bits that what lies behind them only says whether the root is exact.
        (BigInteger significand, int exponent) = ExactReference.Split(a);
        int shift = 400 + (exponent & 1);
        BigInteger scaled = significand << shift;
        BigInteger root = 0;
        for (BigInteger bit = BigInteger.One << (int)(scaled.GetBitLength() / 2 + 1); !bit.IsZero; bit >>= 1)
        {
            root += (root + bit) * (root + bit) <= scaled ? bit : 0;
        }

        root = root * 2 + (root * root < scaled ? 1 : 0);
        int half = (exponent - shift) / 2 - 1;
        return half >= 0 ? format.Round(root << half, 1, mode) : format.Round(root, BigInteger.One << -half, mode);
    }

    private static float Canonical(float value) => float.IsNaN(value) ? BitConverter.UInt32BitsToSingle(0x7fff_ffff) : value;

    private static double NaN(double value) => double.IsNaN(value) ? BitConverter.UInt64BitsToDouble(0x7ff8_0000_0000_0000) : value;

    // Exact arithmetic where all is finite, else what the host makes of it: infinities and NaN do not depend on the mode.
    private static double Expected(
        double a,
        double b,
        double c,
        string mode,
        Func<double, double, double, double> nearest,
        Func<double, double, double, (BigInteger Numerator, BigInteger Denominator)> exact,
        Func<double, double, double, string, double> zero,
        ExactReference format)
    {
        if (!double.IsFinite(a) || !double.IsFinite(b) || !double.IsFinite(c))
        {
            return nearest(a, b, c);
        }

        (BigInteger numerator, BigInteger denominator) = exact(a, b, c);
        if (denominator.IsZero)
        {
            return nearest(a, b, c);
        }

        double result = numerator.IsZero ? zero(a, b, c, mode) : format.Round(numerator, denominator, mode);
        return result == 0 && !numerator.IsZero ? Math.CopySign(0, numerator.Sign) : result;
    }

    private static void Check32(
        string code,
        string mode,
        Func<double, double, double, double> nearest,
        Func<double, double, double, (BigInteger Numerator, BigInteger Denominator)> exact,
        Func<double, double, double, string, double> zero)
    {
        (float[] a, float[] b, float[] c) = Operands<float>(code);
        OperationBench.Check(code, a, b, c, (x, y, z) => Canonical((float)Expected(
            x, code.Contains("$b") ? y : 1, code.Contains("$c") ? z : 0, mode, nearest, exact, zero, ExactReference.Single)));
    }

    private static void Check64(
        string instruction,
        string operands,
        string mode,
        Func<double, double, double, double> nearest,
        Func<double, double, double, (BigInteger Numerator, BigInteger Denominator)> exact,
        Func<double, double, double, string, double> zero)
    {
        (double[] a, double[] b, double[] c) = Operands<double>(operands);
        string code = $"{instruction} %rd10, {operands}; setp.nan.f64 %p1, %rd10, %rd10; selp.b64 $d, 0x7ff8000000000000, %rd10, %p1;";
        OperationBench.Check(code, a, b, c, (x, y, z) => NaN(Expected(
            x, operands.Contains("$b") ? y : 1, operands.Contains("$c") ? z : 0, mode, nearest, exact, zero, ExactReference.Double)));
    }

    private static (T[] A, T[] B, T[] C) Operands<T>(string code)
        where T : unmanaged
    {
        if (code.Contains("$c"))
        {
            return (EdgeValues.Mixed<T>(6000, 1), EdgeValues.Mixed<T>(6000, 2), EdgeValues.Mixed<T>(6000, 3));
        }

        (T[] a, T[] b) = EdgeValues.Pairs<T, T>(2000);
        return (a, b, b);
    }
}
