using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>f16 and bf16 arithmetic against exact fractions.</summary>
public sealed class HalfTests
{
    [Fact]
    public void F16_Arithmetic_RoundsOnce()
    {
        OperationBench.Check<Half, Half, ushort>("add.f16 $d, $a, $b;", (a, b) => Half16((double)a, 1, (double)b));
        OperationBench.Check<Half, Half, ushort>("sub.rn.f16 $d, $a, $b;", (a, b) => Half16((double)a, 1, -(double)b));
        OperationBench.Check<Half, Half, ushort>("mul.f16 $d, $a, $b;", (a, b) => Half16((double)a, (double)b, null));
        OperationBench.Check<Half, Half, Half, ushort>("fma.rn.f16 $d, $a, $b, $c;", (a, b, c) => Half16((double)a, (double)b, (double)c));
    }

    [Fact]
    public void F16x2_DoesBothHalves()
    {
        OperationBench.Check<uint, uint, uint>("add.f16x2 $d, $a, $b;", (a, b) => Both(a, b, 0, (x, y, _) => Half16(x, 1, y)));
        OperationBench.Check<uint, uint, uint>("mul.f16x2 $d, $a, $b;", (a, b) => Both(a, b, 0, (x, y, _) => Half16(x, y, null)));
        OperationBench.Check<uint, uint, uint, uint>("fma.rn.f16x2 $d, $a, $b, $c;", (a, b, c) =>
            Both(a, b, c, (x, y, z) => Half16(x, y, z)));
        OperationBench.Check<uint, uint>("neg.f16x2 $d, $a;", a => a ^ 0x8000_8000);
        OperationBench.Check<uint, uint>("abs.f16x2 $d, $a;", a => a & 0x7fff_7fff);
    }

    [Fact]
    public void F16_Modifiers()
    {
        OperationBench.Check<Half, Half, ushort>("add.sat.f16 $d, $a, $b;", (a, b) => Saturated((double)a + (double)b));
        OperationBench.Check<Half, Half, ushort>("mul.ftz.f16 $d, $a, $b;", (a, b) =>
            Flush(Half16(Flush((double)a), Flush((double)b), null)));
        OperationBench.Check<Half, Half, Half, ushort>("fma.rn.relu.f16 $d, $a, $b, $c;", (a, b, c) =>
            (double)a * (double)b + (double)c < 0 ? (ushort)0 : Half16((double)a, (double)b, (double)c));
        OperationBench.Check<Half, Half, ushort>("min.f16 $d, $a, $b;", (a, b) => Bits(double.MinNumber((double)a, (double)b)));
        OperationBench.Check<Half, Half, ushort>("max.NaN.f16 $d, $a, $b;", (a, b) => Bits(Math.Max((double)a, (double)b)));
    }

    [Fact]
    public void Bf16_Arithmetic_RoundsOnce()
    {
        OperationBench.Check<ushort, ushort, ushort, ushort>(
            "fma.rn.bf16 $d, $a, $b, $c;", (a, b, c) => Brain(Wide(a), Wide(b), Wide(c)));
        OperationBench.Check<ushort, ushort, ushort>("add.rn.bf16 $d, $a, $b;", (a, b) => Brain(Wide(a), 1, Wide(b)));
        OperationBench.Check<ushort, ushort, ushort>("mul.bf16 $d, $a, $b;", (a, b) => Brain(Wide(a), Wide(b), null));
        OperationBench.Check<ushort, ushort>("neg.bf16 $d, $a;", a => (ushort)(a ^ 0x8000));
    }

    [Fact]
    public void Fma_Bf16WhoseProductIsAMidpoint_SeesTheSmallAddend()
    {
        // 1.0000000_1 (a product on a midpoint) plus 2^-100: rounding twice would lose the addend.
        ushort a = 0x3f8f; // 1.1171875
        ushort b = 0x3f81; // 1.0078125
        ushort tiny = 0x0d80;
        OperationBench.Check<ushort, ushort, ushort, ushort>(
            "fma.rn.bf16 $d, $a, $b, $c;", [a, a], [b, b], [tiny, (ushort)(tiny | 0x8000)], Reference);
        static ushort Reference(ushort x, ushort y, ushort z) => Brain(Wide(x), Wide(y), Wide(z));
    }

    [Fact]
    public void Approximations_AreExactToTheFormat()
    {
        OperationBench.Check<Half, ushort>("ex2.approx.f16 $d, $a;", a => Bits(Math.Pow(2, (double)a)));
        OperationBench.Check<Half, ushort>("tanh.approx.f16 $d, $a;", a => Bits(Math.Tanh((double)a)));
    }

    private static double Wide(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static ushort Half16(double a, double b, double? c) => Fused(a, b, c, ExactReference.Half) is var value && double.IsNaN(value)
        ? (ushort)0x7fff : BitConverter.HalfToUInt16Bits((Half)value);

    private static ushort Brain(double a, double b, double? c) =>
        Fused(a, b, c, ExactReference.BFloat16) is var value && double.IsNaN(value)
        ? (ushort)0x7fff : (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16);

    // Without an addend a zero keeps the sign of the product.
    private static double Fused(double a, double b, double? c, ExactReference format)
    {
        double near = c is null ? a * b : a * b + c.Value;
        if (!double.IsFinite(near))
        {
            return near;
        }

        (BigInteger numerator, BigInteger denominator) = ExactReference.Fused(a, b, c ?? 0);
        if (numerator.IsZero)
        {
            return near;
        }

        double result = format.Round(numerator, denominator, "rn");
        return result == 0 ? Math.CopySign(0, numerator.Sign) : result;
    }

    private static uint Both(uint a, uint b, uint c, Func<double, double, double, ushort> one)
    {
        uint low = one(Value(a), Value(b), Value(c));
        return ((uint)one(Value(a >> 16), Value(b >> 16), Value(c >> 16)) << 16) | low;
    }

    private static double Value(uint bits) => (double)BitConverter.UInt16BitsToHalf((ushort)bits);

    private static double Flush(double value) => Math.Abs(value) < Math.ScaleB(1, -14) ? Math.CopySign(0, value) : value;

    private static ushort Flush(ushort bits) => (bits & 0x7c00) == 0 ? (ushort)(bits & 0x8000) : bits;

    private static ushort Saturated(double value) => Bits(value > 0 ? Math.Min(value, 1) : 0);

    private static ushort Bits(double value) => double.IsNaN(value) ? (ushort)0x7fff : BitConverter.HalfToUInt16Bits((Half)value);
}
