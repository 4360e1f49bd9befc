using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>cvt between all types, against exact arithmetic.</summary>
public sealed class ConvertTests
{
    private static readonly string[] s_integers = ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"];

    public static TheoryData<string, string> IntegerPairs
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string source in s_integers)
            {
                foreach (string result in s_integers)
                {
                    data.Add(source, result);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Integers => [.. s_integers];

    [Theory]
    [MemberData(nameof(IntegerPairs))]
    public void IntegerToInteger_TruncatesOrSaturates(string source, string result)
    {
        // From and to 64-bit registers: what the type leaves out has to be ignored, what the result leaves out extended.
        OperationBench.Check<ulong, ulong>($"cvt.{result}.{source} $d, $a;", a => Extend(Value(a, source), result));
        OperationBench.Check<ulong, ulong>($"cvt.sat.{result}.{source} $d, $a;", a => Extend(Clamp(Value(a, source), result), result));
        OperationBench.Check<ulong, ulong>(Narrow(source, result, ""), a => Extend(Value(a, source), result));
        OperationBench.Check<ulong, ulong>(Narrow(source, result, ".sat"), a => Extend(Clamp(Value(a, source), result), result));
    }

    [Theory]
    [MemberData(nameof(Integers))]
    public void IntegerToFloat_RoundsOnce(string source)
    {
        foreach (string mode in (string[])["rn", "rz", "rm", "rp"])
        {
            OperationBench.Check<ulong, float>(
                Register(source) + $"cvt.{mode}.f32.{source} $d, s;", a => (float)ExactReference.Single.Round(Value(a, source), 1, mode));
            OperationBench.Check<ulong, double>(
                Register(source) + $"cvt.{mode}.f64.{source} $d, s;", a => ExactReference.Double.Round(Value(a, source), 1, mode));
            OperationBench.Check<ulong, Half>(
                Register(source) + $"cvt.{mode}.f16.{source} $d, s;", a => (Half)ExactReference.Half.Round(Value(a, source), 1, mode));
        }
    }

    [Theory]
    [MemberData(nameof(Integers))]
    public void FloatToInteger_RoundsAndSaturates(string result)
    {
        bool wide = result.EndsWith("64", StringComparison.Ordinal);
        string back = $" cvt.u64.u{Math.Max(16, Bits(result))} $d, t;";
        string declare = $".reg .b{Math.Max(16, Bits(result))} t; ";
        foreach (string mode in (string[])["rni", "rzi", "rmi", "rpi"])
        {
            OperationBench.Check<float, ulong>(
                declare + $"cvt.{mode}.{result}.f32 t, $a;" + back, a => Extended(Rounded(a, mode, result, wide), result));
            OperationBench.Check<float, ulong>(
                declare + $"cvt.{mode}.ftz.{result}.f32 t, $a;" + back,
                a => Extended(Rounded(float.IsSubnormal(a) ? 0 : a, mode, result, wide), result));
            OperationBench.Check<double, ulong>(
                declare + $"cvt.{mode}.{result}.f64 t, $a;" + back, a => Extended(Rounded(a, mode, result, wideNaN: true), result));
            OperationBench.Check<Half, ulong>(
                declare + $"cvt.{mode}.{result}.f16 t, $a;" + back, a => Extended(Rounded((double)a, mode, result, wide), result));
        }
    }

    [Fact]
    public void FloatToFloat_Widens()
    {
        OperationBench.Check<float, double>("cvt.f64.f32 %rd10, $a;" + Tame64, a => Tamed(a));
        OperationBench.Check<float, double>("cvt.ftz.f64.f32 %rd10, $a;" + Tame64, a =>
            Tamed(float.IsSubnormal(a) ? MathF.CopySign(0, a) : a));
        OperationBench.Check<Half, float>("cvt.f32.f16 $d, $a;", a => Canonical((float)a));
        OperationBench.Check<Half, double>("cvt.f64.f16 %rd10, $a;" + Tame64, a => Tamed((double)a));
        OperationBench.Check<ushort, float>("cvt.f32.bf16 $d, $a;", a => Canonical(BitConverter.UInt32BitsToSingle((uint)a << 16)));
    }

    [Fact]
    public void FloatToFloat_NarrowsInEveryMode()
    {
        foreach (string mode in (string[])["rn", "rz", "rm", "rp"])
        {
            OperationBench.Check<double, float>($"cvt.{mode}.f32.f64 $d, $a;", a =>
                Canonical((float)Rounded(a, mode, ExactReference.Single)));
            OperationBench.Check<double, float>(
                $"cvt.{mode}.sat.f32.f64 $d, $a;", a => (float)Saturate((float)Rounded(a, mode, ExactReference.Single)));
            OperationBench.Check<float, ushort>($"cvt.{mode}.f16.f32 $d, $a;", a => HalfBits(Rounded(a, mode, ExactReference.Half)));
            OperationBench.Check<double, ushort>($"cvt.{mode}.f16.f64 $d, $a;", a => HalfBits(Rounded(a, mode, ExactReference.Half)));
        }

        OperationBench.Check<float, ushort>("cvt.rn.bf16.f32 $d, $a;", a => BrainBits(Rounded(a, "rn", ExactReference.BFloat16)));
        OperationBench.Check<float, ushort>("cvt.rz.bf16.f32 $d, $a;", a => BrainBits(Rounded(a, "rz", ExactReference.BFloat16)));
    }

    [Fact]
    public void FloatToFloat_PacksTwo()
    {
        OperationBench.Check<float, float, uint>("cvt.rn.f16x2.f32 $d, $a, $b;", (a, b) =>
            ((uint)HalfBits(Rounded(a, "rn", ExactReference.Half)) << 16) | HalfBits(Rounded(b, "rn", ExactReference.Half)));
        OperationBench.Check<float, float, uint>("cvt.rn.relu.bf16x2.f32 $d, $a, $b;", (a, b) =>
            ((uint)BrainBits(Rounded(a < 0 ? 0 : a, "rn", ExactReference.BFloat16)) << 16)
            | BrainBits(Rounded(b < 0 ? 0 : b, "rn", ExactReference.BFloat16)));
    }

    [Fact]
    public void FloatToFloat_RoundsToIntegralValues()
    {
        OperationBench.Check<float, float>("cvt.rni.f32.f32 $d, $a;", a => Canonical(MathF.Round(a, MidpointRounding.ToEven)));
        OperationBench.Check<float, float>("cvt.rzi.f32.f32 $d, $a;", a => Canonical(MathF.Truncate(a)));
        OperationBench.Check<float, float>("cvt.rmi.f32.f32 $d, $a;", a => Canonical(MathF.Floor(a)));
        OperationBench.Check<float, float>("cvt.rpi.f32.f32 $d, $a;", a => Canonical(MathF.Ceiling(a)));
        OperationBench.Check<float, float>(
            "cvt.rpi.ftz.f32.f32 $d, $a;", a => Canonical(float.IsSubnormal(a) ? MathF.CopySign(0, a) : MathF.Ceiling(a)));
        OperationBench.Check<double, double>("cvt.rmi.f64.f64 %rd10, $a;" + Tame64, a => Tamed(Math.Floor(a)));
        OperationBench.Check<double, double>("cvt.rzi.f64.f64 %rd10, $a;" + Tame64, a => Tamed(Math.Truncate(a)));
        OperationBench.Check<float, float>("cvt.sat.f32.f32 $d, $a;", a => (float)Saturate(a));
        OperationBench.Check<float, float>("cvt.ftz.f32.f32 $d, $a;", a => Canonical(float.IsSubnormal(a) ? MathF.CopySign(0, a) : a));
    }

    private static string Tame64 => " setp.nan.f64 %p1, %rd10, %rd10; selp.b64 $d, 0x7ff8000000000000, %rd10, %p1;";

    private static double Tamed(double value) => double.IsNaN(value) ? BitConverter.UInt64BitsToDouble(0x7ff8_0000_0000_0000) : value;

    private static float Canonical(float value) => float.IsNaN(value) ? BitConverter.UInt32BitsToSingle(0x7fff_ffff) : value;

    private static int Bits(string type) => int.Parse(type.AsSpan(1));

    // Through registers that are as wide as the types, 16 bits at least.
    private static string Narrow(string source, string result, string saturate)
    {
        int width = Math.Max(16, Bits(result));
        char sign = result[0];
        return Register(source) + $".reg .b{width} t; cvt{saturate}.{result}.{source} t, s; cvt.{sign}64.{sign}{width} $d, t;";
    }

    private static string Register(string source)
    {
        int width = Math.Max(16, Bits(source));
        return $".reg .b{width} s; cvt.u{width}.u64 s, $a; ";
    }

    private static BigInteger Value(ulong bits, string type)
    {
        BigInteger value = bits & (ulong.MaxValue >> (64 - Bits(type)));
        return type[0] == 's' && value >= BigInteger.One << (Bits(type) - 1) ? value - (BigInteger.One << Bits(type)) : value;
    }

    private static BigInteger Clamp(BigInteger value, string type)
    {
        int bits = Bits(type);
        BigInteger least = type[0] == 's' ? -(BigInteger.One << (bits - 1)) : 0;
        BigInteger most = (BigInteger.One << (type[0] == 's' ? bits - 1 : bits)) - 1;
        return BigInteger.Clamp(value, least, most);
    }

    private static ulong Extend(BigInteger value, string type) =>
        ulong.CreateTruncating(Value(ulong.CreateTruncating(value), type));

    // Zero-extended from a register as wide as the type, 16 bits at least.
    private static ulong Extended(BigInteger value, string type) =>
        Extend(value, type) & (ulong.MaxValue >> (64 - Math.Max(16, Bits(type))));

    private static BigInteger Rounded(double value, string mode, string type, bool wideNaN)
    {
        if (double.IsNaN(value))
        {
            return wideNaN ? BigInteger.One << (Bits(type) - 1) : 0;
        }

        if (double.IsInfinity(value))
        {
            return Clamp(value > 0 ? BigInteger.Pow(2, 100) : -BigInteger.Pow(2, 100), type);
        }

        double integral = mode switch
        {
            "rni" => Math.Round(value, MidpointRounding.ToEven),
            "rzi" => Math.Truncate(value),
            "rmi" => Math.Floor(value),
            _ => Math.Ceiling(value),
        };
        return Clamp(new BigInteger(integral), type);
    }

    private static double Rounded(double value, string mode, ExactReference format)
    {
        if (!double.IsFinite(value) || value == 0)
        {
            return value;
        }

        (BigInteger significand, int exponent) = ExactReference.Split(value);
        (BigInteger numerator, BigInteger denominator) =
            exponent >= 0 ? (significand << exponent, BigInteger.One) : (significand, BigInteger.One << -exponent);
        double result = format.Round(numerator, denominator, mode);
        return result == 0 ? Math.CopySign(0, value) : result;
    }

    private static double Saturate(double value) => value > 0 ? Math.Min(value, 1) : 0;

    private static ushort HalfBits(double value) => double.IsNaN(value) ? (ushort)0x7fff : BitConverter.HalfToUInt16Bits((Half)value);

    private static ushort BrainBits(double value) =>
        double.IsNaN(value) ? (ushort)0x7fff : (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16);
}
