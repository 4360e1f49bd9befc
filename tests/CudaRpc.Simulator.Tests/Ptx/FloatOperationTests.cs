namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>f32 and f64 arithmetic rounded to nearest, flushing, saturation, NaN rules.</summary>
public sealed class FloatOperationTests
{
    private static float CanonicalNaN => BitConverter.UInt32BitsToSingle(0x7fff_ffff);

    [Theory]
    [InlineData("", false)]
    [InlineData(".ftz", true)]
    public void Arithmetic_F32_IsIeeeWithOneNaN(string ftz, bool flush)
    {
        Check2($"add{ftz}.f32", flush, (a, b) => a + b);
        Check2($"add.rn{ftz}.f32", flush, (a, b) => a + b);
        Check2($"sub{ftz}.f32", flush, (a, b) => a - b);
        Check2($"mul{ftz}.f32", flush, (a, b) => a * b);
        Check2($"div.rn{ftz}.f32", flush, (a, b) => a / b);
        Check2($"div.full{ftz}.f32", flush, (a, b) => a / b);
        Check3($"fma.rn{ftz}.f32", flush, MathF.FusedMultiplyAdd);
        Check3($"mad.rn{ftz}.f32", flush, MathF.FusedMultiplyAdd);
        Check1($"sqrt.rn{ftz}.f32", flush, MathF.Sqrt);
        Check1($"rcp.rn{ftz}.f32", flush, a => 1 / a);
    }

    [Fact]
    public void Saturation_ClampsAndTurnsNaNIntoZero()
    {
        OperationBench.Check<float, float, float>("add.sat.f32 $d, $a, $b;", (a, b) => Saturate(a + b));
        OperationBench.Check<float, float, float>("sub.ftz.sat.f32 $d, $a, $b;", (a, b) => Saturate(Flush(Flush(a) - Flush(b))));
        OperationBench.Check<float, float, float>("mul.sat.f32 $d, $a, $b;", (a, b) => Saturate(a * b));
        OperationBench.Check<float, float, float, float>(
            "fma.rn.sat.f32 $d, $a, $b, $c;", (a, b, c) => Saturate(MathF.FusedMultiplyAdd(a, b, c)));
    }

    [Fact]
    public void Arithmetic_F64_IsIeee()
    {
        Check2("add.f64", (a, b) => a + b);
        Check2("sub.rn.f64", (a, b) => a - b);
        Check2("mul.f64", (a, b) => a * b);
        Check2("div.rn.f64", (a, b) => a / b);
        OperationBench.Check<double, double, double, double>(
            "fma.rn.f64 %rd10, $a, $b, $c;" + NaNs("%rd10"), (a, b, c) => NaN(Math.FusedMultiplyAdd(a, b, c)));
        Check2("sqrt.rn.f64", (a, _) => Math.Sqrt(a), operands: 1);
        Check2("rcp.rn.f64", (a, _) => 1 / a, operands: 1);
    }

    [Fact]
    public void MinMax_PreferNumbersAndOrderZeros()
    {
        OperationBench.Check<float, float, float>("min.f32 $d, $a, $b;", (a, b) => Minimum(a, b));
        OperationBench.Check<float, float, float>("max.f32 $d, $a, $b;", (a, b) =>
            -Minimum(-a, -b) is var m && float.IsNaN(m) ? CanonicalNaN : m);
        OperationBench.Check<float, float, float>("min.ftz.f32 $d, $a, $b;", (a, b) => Minimum(Flush(a), Flush(b)));
        OperationBench.Check<float, float, float>(
            "min.NaN.f32 $d, $a, $b;", (a, b) => float.IsNaN(a) || float.IsNaN(b) ? CanonicalNaN : Minimum(a, b));
        OperationBench.Check<float, float, float>(
            "max.NaN.f32 $d, $a, $b;", (a, b) => float.IsNaN(a) || float.IsNaN(b) ? CanonicalNaN : -Minimum(-a, -b));
        OperationBench.Check<float, float, float>("min.xorsign.abs.f32 $d, $a, $b;", (a, b) =>
        {
            float magnitude = Minimum(MathF.Abs(a), MathF.Abs(b));
            return float.IsNaN(magnitude) ? CanonicalNaN : MathF.CopySign(magnitude, MathF.CopySign(1, a) * MathF.CopySign(1, b));
        });
        Check2("min.f64", (a, b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Min(a, b));
        Check2("max.f64", (a, b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Max(a, b));
    }

    [Fact]
    public void Signs_ChangeOneBit()
    {
        OperationBench.Check<uint, uint>("neg.f32 $d, $a;", a => a ^ 0x8000_0000);
        OperationBench.Check<uint, uint>("abs.f32 $d, $a;", a => a & 0x7fff_ffff);
        OperationBench.Check<float, float>("neg.ftz.f32 $d, $a;", a => FlipSign(Flush(a)));
        OperationBench.Check<float, float>("abs.ftz.f32 $d, $a;", a => MathF.Abs(Flush(a)));
        OperationBench.Check<ulong, ulong>("neg.f64 $d, $a;", a => a ^ (1UL << 63));
        OperationBench.Check<ulong, ulong>("abs.f64 $d, $a;", a => a & ~(1UL << 63));
        OperationBench.Check<uint, uint, uint>("copysign.f32 $d, $a, $b;", (a, b) => (a & 0x8000_0000) | (b & 0x7fff_ffff));
        OperationBench.Check<ulong, ulong, ulong>("copysign.f64 $d, $a, $b;", (a, b) => (a & (1UL << 63)) | (b & ~(1UL << 63)));
    }

    [Fact]
    public void Testp_Classifies()
    {
        Test("finite", float.IsFinite, double.IsFinite);
        Test("infinite", float.IsInfinity, double.IsInfinity);
        Test("number", a => !float.IsNaN(a), a => !double.IsNaN(a));
        Test("notanumber", float.IsNaN, double.IsNaN);
        Test("normal", float.IsNormal, double.IsNormal);
        Test("subnormal", float.IsSubnormal, double.IsSubnormal);
    }

    private static void Test(string property, Func<float, bool> single, Func<double, bool> wide)
    {
        OperationBench.Check<float, uint>($"testp.{property}.f32 %p1, $a; selp.u32 $d, 1, 0, %p1;", a => single(a) ? 1u : 0);
        OperationBench.Check<double, uint>($"testp.{property}.f64 %p1, $a; selp.u32 $d, 1, 0, %p1;", a => wide(a) ? 1u : 0);
    }

    private static void Check1(string instruction, bool flush, Func<float, float> reference) =>
        OperationBench.Check<float, float>($"{instruction} $d, $a;", a => Finish(reference(Begin(a, flush)), flush));

    private static void Check2(string instruction, bool flush, Func<float, float, float> reference) =>
        OperationBench.Check<float, float, float>(
        $"{instruction} $d, $a, $b;", (a, b) => Finish(reference(Begin(a, flush), Begin(b, flush)), flush));

    private static void Check3(string instruction, bool flush, Func<float, float, float, float> reference) =>
        OperationBench.Check<float, float, float, float>(
            $"{instruction} $d, $a, $b, $c;",
            (a, b, c) => Finish(reference(Begin(a, flush), Begin(b, flush), Begin(c, flush)), flush));

    // The payload of an f64 NaN is nobody's business.
    private static void Check2(string instruction, Func<double, double, double> reference, int operands = 2) =>
        OperationBench.Check<double, double, double>(
            $"{instruction} %rd10, $a{(operands == 2 ? ", $b" : "")};" + NaNs("%rd10"), (a, b) => NaN(reference(a, b)));

    private static string NaNs(string register) =>
        $" setp.nan.f64 %p1, {register}, {register}; selp.b64 $d, 0x7ff8000000000000, {register}, %p1;";

    private static double NaN(double value) => double.IsNaN(value) ? BitConverter.UInt64BitsToDouble(0x7ff8_0000_0000_0000) : value;

    private static float Begin(float value, bool flush) => flush ? Flush(value) : value;

    private static float Finish(float value, bool flush) => float.IsNaN(value) ? CanonicalNaN : Begin(value, flush);

    private static float Flush(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;

    private static float Saturate(float value) => value > 0 ? Math.Min(value, 1) : 0;

    private static float FlipSign(float value) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) ^ 0x8000_0000);

    private static float Minimum(float a, float b)
    {
        if (float.IsNaN(a) || float.IsNaN(b))
        {
            return float.IsNaN(a) && float.IsNaN(b) ? CanonicalNaN : float.IsNaN(a) ? b : a;
        }

        return a < b || (a == b && float.IsNegative(a)) ? a : b;
    }
}
