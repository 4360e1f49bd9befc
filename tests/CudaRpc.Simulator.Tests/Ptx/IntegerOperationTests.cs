using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Integer arithmetic against big integers.</summary>
public sealed class IntegerOperationTests
{
    public static TheoryData<string> Types => ["u16", "s16", "u32", "s32", "u64", "s64"];

    [Theory]
    [MemberData(nameof(Types))]
    public void AddSub_Wraps(string type)
    {
        Check2($"add.{type} $d, $a, $b;", type, (a, b) => a + b);
        Check2($"sub.{type} $d, $a, $b;", type, (a, b) => a - b);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Mul_LowAndHighHalf(string type)
    {
        int bits = Bits(type);
        Check2($"mul.lo.{type} $d, $a, $b;", type, (a, b) => a * b);
        Check2($"mul.hi.{type} $d, $a, $b;", type, (a, b) => (a * b) >> bits);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Mad_LowAndHighHalf(string type)
    {
        int bits = Bits(type);
        Check3($"mad.lo.{type} $d, $a, $b, $c;", type, (a, b, c) => a * b + c);
        Check3($"mad.hi.{type} $d, $a, $b, $c;", type, (a, b, c) => ((a * b) >> bits) + c);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void MinMax_BySign(string type)
    {
        Check2($"min.{type} $d, $a, $b;", type, BigInteger.Min);
        Check2($"max.{type} $d, $a, $b;", type, BigInteger.Max);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void DivRem_TruncateAndKeepTheDividendForZero(string type)
    {
        Check2($"div.{type} $d, $a, $b;", type, (a, b) => b.IsZero ? -1 : BigInteger.Divide(a, b));
        Check2($"rem.{type} $d, $a, $b;", type, (a, b) => b.IsZero ? a : BigInteger.Remainder(a, b));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Sad_AddsDistance(string type) =>
        Check3($"sad.{type} $d, $a, $b, $c;", type, (a, b, c) => c + BigInteger.Abs(a - b));

    [Theory]
    [InlineData("s16")]
    [InlineData("s32")]
    [InlineData("s64")]
    public void AbsNeg_Wrap(string type)
    {
        Check2($"abs.{type} $d, $a;", type, (a, _) => BigInteger.Abs(a));
        Check2($"neg.{type} $d, $a;", type, (a, _) => -a);
    }

    [Fact]
    public void Saturating_AddSubMad_Clamp()
    {
        OperationBench.Check<int, int, int>("add.sat.s32 $d, $a, $b;", (a, b) => Clamp((long)a + b));
        OperationBench.Check<int, int, int>("sub.sat.s32 $d, $a, $b;", (a, b) => Clamp((long)a - b));
        OperationBench.Check<int, int, int, int>("mad.hi.sat.s32 $d, $a, $b, $c;", (a, b, c) => Clamp((((long)a * b) >> 32) + c));
    }

    [Fact]
    public void MulWide_IsTheWholeProduct()
    {
        OperationBench.Check<short, short, int>("mul.wide.s16 $d, $a, $b;", (a, b) => a * b);
        OperationBench.Check<ushort, ushort, uint>("mul.wide.u16 $d, $a, $b;", (a, b) => (uint)a * b);
        OperationBench.Check<int, int, long>("mul.wide.s32 $d, $a, $b;", (a, b) => (long)a * b);
        OperationBench.Check<uint, uint, ulong>("mul.wide.u32 $d, $a, $b;", (a, b) => (ulong)a * b);
    }

    [Fact]
    public void MadWide_AddsToTheWholeProduct()
    {
        OperationBench.Check<short, short, int, int>("mad.wide.s16 $d, $a, $b, $c;", (a, b, c) => a * b + c);
        OperationBench.Check<ushort, ushort, uint, uint>("mad.wide.u16 $d, $a, $b, $c;", (a, b, c) => (uint)a * b + c);
        OperationBench.Check<int, int, long, long>("mad.wide.s32 $d, $a, $b, $c;", (a, b, c) => (long)a * b + c);
        OperationBench.Check<uint, uint, ulong, ulong>("mad.wide.u32 $d, $a, $b, $c;", (a, b, c) => (ulong)a * b + c);
    }

    [Fact]
    public void Mul24_TakesTheLow24Bits()
    {
        OperationBench.Check<int, int, int>("mul24.lo.s32 $d, $a, $b;", (a, b) => (int)Product24(a, b));
        OperationBench.Check<int, int, int>("mul24.hi.s32 $d, $a, $b;", (a, b) => (int)(Product24(a, b) >> 16));
        OperationBench.Check<uint, uint, uint>("mul24.lo.u32 $d, $a, $b;", (a, b) => (uint)((ulong)(a & 0xffffff) * (b & 0xffffff)));
        OperationBench.Check<uint, uint, uint>("mul24.hi.u32 $d, $a, $b;", (a, b) =>
            (uint)(((ulong)(a & 0xffffff) * (b & 0xffffff)) >> 16));
        OperationBench.Check<int, int, int, int>("mad24.lo.s32 $d, $a, $b, $c;", (a, b, c) => (int)Product24(a, b) + c);
    }

    [Fact]
    public void Carry_ChainsToWiderNumbers()
    {
        const string Add = "mov.b64 {%r10, %r11}, $a; mov.b64 {%r12, %r13}, $b; "
            + "add.cc.u32 %r14, %r10, %r12; addc.u32 %r15, %r11, %r13; mov.b64 $d, {%r14, %r15};";
        OperationBench.Check<ulong, ulong, ulong>(Add, (a, b) => a + b);
        const string Subtract = "mov.b64 {%r10, %r11}, $a; mov.b64 {%r12, %r13}, $b; "
            + "sub.cc.u32 %r14, %r10, %r12; subc.u32 %r15, %r11, %r13; mov.b64 $d, {%r14, %r15};";
        OperationBench.Check<ulong, ulong, ulong>(Subtract, (a, b) => a - b);
    }

    [Fact]
    public void Carry_OfProducts_MakesThe128BitHighHalf()
    {
        // As compilers write it: partial products of 32-bit halves, carries between them.
        const string Code = """
            mov.b64 {%r10, %r11}, $a; mov.b64 {%r12, %r13}, $b;
            mul.hi.u32 %r14, %r10, %r12;
            mad.lo.cc.u32 %r14, %r10, %r13, %r14;
            madc.hi.u32 %r15, %r10, %r13, 0;
            mad.lo.cc.u32 %r14, %r11, %r12, %r14;
            madc.hi.cc.u32 %r15, %r11, %r12, %r15;
            addc.u32 %r16, 0, 0;
            mad.lo.cc.u32 %r15, %r11, %r13, %r15;
            madc.hi.u32 %r16, %r11, %r13, %r16;
            mov.b64 $d, {%r15, %r16};
            """;
        OperationBench.Check<ulong, ulong, ulong>(Code, (a, b) => Math.BigMul(a, b, out _));
    }

    [Fact]
    public void Carry_Of64Bits_IsTheSumsTopBit()
    {
        OperationBench.Check<ulong, ulong, ulong>(
            "add.cc.u64 %rd10, $a, $b; addc.u64 $d, 0, 0;", (a, b) => (ulong)(((UInt128)a + b) >> 64));
        OperationBench.Check<ulong, ulong, ulong>(
            "sub.cc.u64 %rd10, $a, $b; subc.u64 $d, 0, 0;", (a, b) => a < b ? ulong.MaxValue : 0);
    }

    [Fact]
    public void DotProducts_MixSigns()
    {
        OperationBench.Check<uint, uint, uint, uint>("dp4a.u32.u32 $d, $a, $b, $c;", (a, b, c) => Dot(a, b, c, false, false));
        OperationBench.Check<uint, uint, uint, uint>("dp4a.s32.u32 $d, $a, $b, $c;", (a, b, c) => Dot(a, b, c, true, false));
        OperationBench.Check<uint, uint, uint, uint>("dp4a.u32.s32 $d, $a, $b, $c;", (a, b, c) => Dot(a, b, c, false, true));
        OperationBench.Check<uint, uint, uint, uint>("dp4a.s32.s32 $d, $a, $b, $c;", (a, b, c) => Dot(a, b, c, true, true));
        OperationBench.Check<uint, uint, uint, uint>(
            "dp2a.lo.s32.s32 $d, $a, $b, $c;",
            (a, b, c) => (uint)((int)c + (short)a * (sbyte)b + (short)(a >> 16) * (sbyte)(b >> 8)));
        OperationBench.Check<uint, uint, uint, uint>(
            "dp2a.hi.u32.u32 $d, $a, $b, $c;",
            (a, b, c) => c + (ushort)a * (uint)(byte)(b >> 16) + (ushort)(a >> 16) * (uint)(byte)(b >> 24));
    }

    [Fact]
    public void PackedIntegers_DoNotTouchEachOther()
    {
        static uint Both(uint a, uint b, Func<ushort, ushort, int> one) =>
            ((uint)(ushort)one((ushort)(a >> 16), (ushort)(b >> 16)) << 16) | (ushort)one((ushort)a, (ushort)b);
        OperationBench.Check<uint, uint, uint>("add.u16x2 $d, $a, $b;", (a, b) => Both(a, b, (x, y) => x + y));
        OperationBench.Check<uint, uint, uint>("add.s16x2 $d, $a, $b;", (a, b) => Both(a, b, (x, y) => x + y));
        OperationBench.Check<uint, uint, uint>("min.u16x2 $d, $a, $b;", (a, b) => Both(a, b, (x, y) => Math.Min(x, y)));
        OperationBench.Check<uint, uint, uint>("max.u16x2 $d, $a, $b;", (a, b) => Both(a, b, (x, y) => Math.Max(x, y)));
        OperationBench.Check<uint, uint, uint>("min.s16x2 $d, $a, $b;", (a, b) => Both(a, b, (x, y) => Math.Min((short)x, (short)y)));
        OperationBench.Check<uint, uint, uint>("max.s16x2 $d, $a, $b;", (a, b) => Both(a, b, (x, y) => Math.Max((short)x, (short)y)));
    }

    private static int Clamp(long value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);

    private static long Product24(int a, int b) => (long)((a << 8) >> 8) * ((b << 8) >> 8);

    private static uint Dot(uint a, uint b, uint c, bool signedA, bool signedB)
    {
        long sum = c;
        for (int i = 0; i < 32; i += 8)
        {
            long left = signedA ? (sbyte)(a >> i) : (byte)(a >> i);
            sum += left * (signedB ? (sbyte)(b >> i) : (byte)(b >> i));
        }

        return (uint)sum;
    }

    private static int Bits(string type) => int.Parse(type.AsSpan(1));

    private static void Check2(string code, string type, Func<BigInteger, BigInteger, BigInteger> reference) =>
        Check3(code, type, (a, b, _) => reference(a, b));

    private static void Check3(string code, string type, Func<BigInteger, BigInteger, BigInteger, BigInteger> reference)
    {
        switch (type)
        {
            case "u16":
                Check<ushort>(code, reference);
                break;
            case "s16":
                Check<short>(code, reference);
                break;
            case "u32":
                Check<uint>(code, reference);
                break;
            case "s32":
                Check<int>(code, reference);
                break;
            case "u64":
                Check<ulong>(code, reference);
                break;
            default:
                Check<long>(code, reference);
                break;
        }
    }

    private static void Check<T>(string code, Func<BigInteger, BigInteger, BigInteger, BigInteger> reference)
        where T : unmanaged, IBinaryInteger<T>
    {
        (T[] a, T[] b) = EdgeValues.Pairs<T, T>(1000);
        T[] c = EdgeValues.Mixed<T>(a.Length, 3);
        OperationBench.Check(code, a, b, c, (x, y, z) => T.CreateTruncating(
            reference(BigInteger.CreateChecked(x), BigInteger.CreateChecked(y), BigInteger.CreateChecked(z))));
    }
}
