using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Bit operations, against the definitions in the PTX ISA spelt out bit by bit.</summary>
public sealed class LogicOperationTests
{
    [Fact]
    public void AndOrXorNot_OfAllWidths()
    {
        Logic<ushort>("b16");
        Logic<uint>("b32");
        Logic<ulong>("b64");
    }

    [Fact]
    public void Cnot_IsOneForZero()
    {
        OperationBench.Check<uint, uint>("cnot.b32 $d, $a;", a => a == 0 ? 1u : 0);
        OperationBench.Check<ulong, ulong>("cnot.b64 $d, $a;", a => a == 0 ? 1u : 0);
    }

    [Fact]
    public void Predicates_CombineLikeBits()
    {
        const string Bits = "and.b32 %r10, $a, 1; and.b32 %r11, $b, 1; setp.ne.u32 %p1, %r10, 0; setp.ne.u32 %p2, %r11, 0; ";
        const string Result = " selp.u32 $d, 1, 0, %p3;";
        OperationBench.Check<uint, uint, uint>(Bits + "and.pred %p3, %p1, %p2;" + Result, (a, b) => a & b & 1);
        OperationBench.Check<uint, uint, uint>(Bits + "or.pred %p3, %p1, !%p2;" + Result, (a, b) => (a | ~b) & 1);
        OperationBench.Check<uint, uint, uint>(Bits + "xor.pred %p3, %p1, %p2;" + Result, (a, b) => (a ^ b) & 1);
        OperationBench.Check<uint, uint, uint>(Bits + "not.pred %p3, %p1;" + Result, (a, _) => ~a & 1);
        OperationBench.Check<uint, uint, uint>(Bits + "mov.pred %p3, %p2;" + Result, (_, b) => b & 1);
    }

    [Fact]
    public void Shifts_ByVariableAmounts_Clamp()
    {
        Shifts<ushort, short>("16");
        Shifts<uint, int>("32");
        Shifts<ulong, long>("64");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(200)]
    public void Shifts_ByConstants_Clamp(int amount)
    {
        OperationBench.Check<uint, uint>($"shl.b32 $d, $a, {amount};", a => amount < 32 ? a << amount : 0);
        OperationBench.Check<uint, uint>($"shr.u32 $d, $a, {amount};", a => amount < 32 ? a >> amount : 0);
        OperationBench.Check<int, int>($"shr.s32 $d, $a, {amount};", a => a >> Math.Min(amount, 31));
        OperationBench.Check<ulong, ulong>($"shl.b64 $d, $a, {amount};", a => amount < 64 ? a << amount : 0);
        OperationBench.Check<ulong, ulong>($"shr.b64 $d, $a, {amount};", a => amount < 64 ? a >> amount : 0);
        OperationBench.Check<long, long>($"shr.s64 $d, $a, {amount};", a => a >> Math.Min(amount, 63));
        OperationBench.Check<ushort, ushort>($"shl.b16 $d, $a, {amount};", a => (ushort)(amount < 16 ? a << amount : 0));
        OperationBench.Check<ushort, ushort>($"shr.u16 $d, $a, {amount};", a => (ushort)(amount < 16 ? a >> amount : 0));
        OperationBench.Check<short, short>($"shr.s16 $d, $a, {amount};", a => (short)(a >> Math.Min(amount, 15)));
    }

    [Fact]
    public void FunnelShifts_ClampOrWrap()
    {
        static uint Left(uint a, uint b, int n) => n == 32 ? a : (uint)((((((ulong)b) << 32) | a) << n) >> 32);
        static uint Right(uint a, uint b, int n) => n == 32 ? b : (uint)(((((ulong)b) << 32) | a) >> n);
        OperationBench.Check<uint, uint, uint, uint>("shf.l.clamp.b32 $d, $a, $b, $c;", (a, b, c) => Left(a, b, (int)Math.Min(c, 32)));
        OperationBench.Check<uint, uint, uint, uint>("shf.l.wrap.b32 $d, $a, $b, $c;", (a, b, c) => Left(a, b, (int)(c & 31)));
        OperationBench.Check<uint, uint, uint, uint>("shf.r.clamp.b32 $d, $a, $b, $c;", (a, b, c) => Right(a, b, (int)Math.Min(c, 32)));
        OperationBench.Check<uint, uint, uint, uint>("shf.r.wrap.b32 $d, $a, $b, $c;", (a, b, c) => Right(a, b, (int)(c & 31)));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x96)]
    [InlineData(0xe8)]
    [InlineData(0xca)]
    [InlineData(0x1b)]
    [InlineData(0xff)]
    public void Lop3_LooksUpEachBit(int table)
    {
        OperationBench.Check<uint, uint, uint, uint>($"lop3.b32 $d, $a, $b, $c, {table};", (a, b, c) =>
        {
            uint result = 0;
            for (int i = 0; i < 32; i++)
            {
                int index = (int)((((a >> i) & 1) << 2) | (((b >> i) & 1) << 1) | ((c >> i) & 1));
                result |= (uint)((table >> index) & 1) << i;
            }

            return result;
        });
    }

    [Theory]
    [InlineData("", "")]
    [InlineData(".f4e", "3210 4321 5432 6543")]
    [InlineData(".b4e", "5670 6701 7012 0123")]
    [InlineData(".rc8", "0000 1111 2222 3333")]
    [InlineData(".ecl", "3210 3211 3222 3333")]
    [InlineData(".ecr", "0000 1110 2210 3210")]
    [InlineData(".rc16", "1010 3232 1010 3232")]
    public void Prmt_PicksBytes(string mode, string rows)
    {
        OperationBench.Check<uint, uint, uint, uint>($"prmt.b32{mode} $d, $a, $b, $c;", (a, b, c) =>
        {
            ulong bytes = ((ulong)b << 32) | a;
            uint result = 0;
            for (int i = 0; i < 4; i++)
            {
                int pick = rows.Length == 0 ? (int)(c >> (4 * i)) & 15 : rows.Split(' ')[c & 3][3 - i] - '0';
                uint value = (byte)(bytes >> (8 * (pick & 7)));
                value = (pick & 8) != 0 ? (value & 0x80) != 0 ? 0xffu : 0u : value;
                result |= value << (8 * i);
            }

            return result;
        });
    }

    [Fact]
    public void CountsAndSearches()
    {
        OperationBench.Check<uint, uint>("popc.b32 $d, $a;", a => (uint)BitOperations.PopCount(a));
        OperationBench.Check<ulong, uint>("popc.b64 $d, $a;", a => (uint)BitOperations.PopCount(a));
        OperationBench.Check<uint, uint>("clz.b32 $d, $a;", a => (uint)BitOperations.LeadingZeroCount(a));
        OperationBench.Check<ulong, uint>("clz.b64 $d, $a;", a => (uint)BitOperations.LeadingZeroCount(a));
        OperationBench.Check<uint, uint>("brev.b32 $d, $a;", a => (uint)(Reverse(a) >> 32));
        OperationBench.Check<ulong, ulong>("brev.b64 $d, $a;", Reverse);
        OperationBench.Check<uint, uint>("bfind.u32 $d, $a;", a => (uint)HighestBit(a, 32));
        OperationBench.Check<int, uint>("bfind.s32 $d, $a;", a => (uint)HighestBit(a < 0 ? ~(uint)a : (uint)a, 32));
        OperationBench.Check<ulong, uint>("bfind.u64 $d, $a;", a => (uint)HighestBit(a, 64));
        OperationBench.Check<long, uint>("bfind.s64 $d, $a;", a => (uint)HighestBit(a < 0 ? ~(ulong)a : (ulong)a, 64));
        OperationBench.Check<uint, uint>("bfind.shiftamt.u32 $d, $a;", a => a == 0 ? uint.MaxValue : (uint)(31 - HighestBit(a, 32)));
        OperationBench.Check<long, uint>("bfind.shiftamt.s64 $d, $a;", a =>
            a is 0 or -1 ? uint.MaxValue : (uint)(63 - HighestBit(a < 0 ? ~(ulong)a : (ulong)a, 64)));
    }

    [Fact]
    public void Bfe_FollowsTheDefinition()
    {
        OperationBench.Check<uint, uint, uint, uint>("bfe.u32 $d, $a, $b, $c;", (a, b, c) => (uint)Extract(a, b, c, 32, false));
        OperationBench.Check<uint, uint, uint, uint>("bfe.s32 $d, $a, $b, $c;", (a, b, c) => (uint)Extract(a, b, c, 32, true));
        OperationBench.Check<ulong, uint, uint, ulong>("bfe.u64 $d, $a, $b, $c;", (a, b, c) => Extract(a, b, c, 64, false));
        OperationBench.Check<ulong, uint, uint, ulong>("bfe.s64 $d, $a, $b, $c;", (a, b, c) => Extract(a, b, c, 64, true));
    }

    [Fact]
    public void Bfi_FollowsTheDefinition()
    {
        foreach (uint length in (uint[])[0, 1, 7, 31, 32, 33, 64, 100, 255, 257])
        {
            OperationBench.Check<uint, uint, uint, uint>(
                $"bfi.b32 $d, $a, $b, $c, {length};", (a, b, c) => (uint)Insert(a, b, c, length, 32));
            OperationBench.Check<ulong, ulong, uint, ulong>(
                $"bfi.b64 $d, $a, $b, $c, {length};", (a, b, c) => Insert(a, b, c, length, 64));
        }
    }

    [Fact]
    public void MasksAndExtensions()
    {
        OperationBench.Check<uint, uint, uint>("bmsk.clamp.b32 $d, $a, $b;", (a, b) =>
            (uint)(((BigInteger.One << (int)Math.Min(b, 32)) - 1 << (int)Math.Min(a, 32)) & uint.MaxValue));
        OperationBench.Check<uint, uint, uint>("bmsk.wrap.b32 $d, $a, $b;", (a, b) =>
            (uint)(((BigInteger.One << (int)(b & 31)) - 1 << (int)(a & 31)) & uint.MaxValue));
        OperationBench.Check<uint, uint, uint>("szext.clamp.u32 $d, $a, $b;", (a, b) => b >= 32 ? a : a & ((1u << (int)b) - 1));
        OperationBench.Check<int, uint, int>("szext.clamp.s32 $d, $a, $b;", (a, b) =>
            b == 0 ? 0 : b >= 32 ? a : (a << (32 - (int)b)) >> (32 - (int)b));
        OperationBench.Check<int, uint, int>("szext.wrap.s32 $d, $a, $b;", (a, b) =>
            (b & 31) == 0 ? 0 : (a << (32 - (int)(b & 31))) >> (32 - (int)(b & 31)));
    }

    [Fact]
    public void Mov_PacksAndUnpacks()
    {
        OperationBench.Check<ulong, ulong>("mov.b64 {%r10, %r11}, $a; mov.b64 $d, {%r11, %r10};", a => BitOperations.RotateRight(a, 32));
        OperationBench.Check<uint, uint>("mov.b32 {%h10, %h11}, $a; mov.b32 $d, {%h11, %h10};", a => BitOperations.RotateRight(a, 16));
        OperationBench.Check<ulong, ulong>(
            "mov.b64 {%h10, %h11, %h12, %h13}, $a; mov.b64 $d, {%h13, %h12, %h11, %h10};",
            a => (a << 48) | ((a & 0xffff0000) << 16) | ((a >> 16) & 0xffff0000) | (a >> 48));
        OperationBench.Check<ulong, uint>("{ .reg .b32 t; mov.b64 {_, t}, $a; mov.b32 $d, t; }", a => (uint)(a >> 32));
        OperationBench.Check<uint, uint>("mov.b32 $d, 0xdeadbeef;", _ => 0xdeadbeef);
        OperationBench.Check<float, float>("mov.f32 $d, 0f3FC00000;", _ => 1.5f);
        OperationBench.Check<double, double>("mov.f64 $d, 0d3FF8000000000000;", _ => 1.5);
        OperationBench.Check<double, double>("mov.f64 $d, 2.5e1;", _ => 25);
    }

    [Theory]
    [InlineData("vabsdiff4.u32.u32.u32", 8, false)]
    [InlineData("vabsdiff2.u32.u32.u32", 16, false)]
    [InlineData("vabsdiff4.u32.s32.s32", 8, true)]
    [InlineData("vabsdiff2.u32.s32.s32", 16, true)]
    public void VideoDistances_ByElement(string instruction, int width, bool signed)
    {
        OperationBench.Check<uint, uint, uint, uint>($"{instruction} $d, $a, $b, $c;", (a, b, _) =>
            Distances(a, b, width, signed, 0, false));
        OperationBench.Check<uint, uint, uint, uint>($"{instruction}.add $d, $a, $b, $c;", (a, b, c) =>
            Distances(a, b, width, signed, c, true));
    }

    private static uint Distances(uint a, uint b, int width, bool signed, uint c, bool add)
    {
        uint result = add ? c : 0;
        for (int i = 0; i < 32; i += width)
        {
            long left = Element(a, i, width, signed);
            uint distance = (uint)Math.Abs(left - Element(b, i, width, signed)) & (uint)((1UL << width) - 1);
            result += add ? distance : distance << i;
        }

        return result;
    }

    private static long Element(uint value, int position, int width, bool signed)
    {
        long element = (value >> position) & ((1L << width) - 1);
        return signed && element >= 1L << (width - 1) ? element - (1L << width) : element;
    }

    private static void Logic<T>(string type)
        where T : unmanaged, IBinaryInteger<T>
    {
        OperationBench.Check<T, T, T>($"and.{type} $d, $a, $b;", (a, b) => a & b);
        OperationBench.Check<T, T, T>($"or.{type} $d, $a, $b;", (a, b) => a | b);
        OperationBench.Check<T, T, T>($"xor.{type} $d, $a, $b;", (a, b) => a ^ b);
        OperationBench.Check<T, T>($"not.{type} $d, $a;", a => ~a);
    }

    private static void Shifts<T, TSigned>(string width)
        where T : unmanaged, IBinaryInteger<T>
        where TSigned : unmanaged, IBinaryInteger<TSigned>
    {
        uint bits = uint.Parse(width);
        OperationBench.Check<T, uint, T>($"shl.b{width} $d, $a, $b;", (a, b) => b < bits ? a << (int)b : T.Zero);
        OperationBench.Check<T, uint, T>($"shr.u{width} $d, $a, $b;", (a, b) => b < bits ? a >> (int)b : T.Zero);
        OperationBench.Check<T, uint, T>($"shr.b{width} $d, $a, $b;", (a, b) => b < bits ? a >> (int)b : T.Zero);
        OperationBench.Check<TSigned, uint, TSigned>($"shr.s{width} $d, $a, $b;", (a, b) => a >> (int)Math.Min(b, bits - 1));
    }

    private static ulong Reverse(ulong value)
    {
        ulong result = 0;
        for (int i = 0; i < 64; i++)
        {
            result |= ((value >> i) & 1) << (63 - i);
        }

        return result;
    }

    private static ulong Reverse(uint value) => Reverse((ulong)value);

    private static int HighestBit(ulong value, int width)
    {
        for (int i = width - 1; i >= 0; i--)
        {
            if (((value >> i) & 1) != 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static ulong Extract(ulong a, uint b, uint c, int width, bool signed)
    {
        int position = (byte)b;
        int length = (byte)c;
        ulong sign = signed && length != 0 ? (a >> Math.Min(position + length - 1, width - 1)) & 1 : 0;
        ulong result = 0;
        for (int i = 0; i < width; i++)
        {
            result |= (i < length && position + i < width ? (a >> (position + i)) & 1 : sign) << i;
        }

        return result;
    }

    private static ulong Insert(ulong a, ulong b, uint c, uint d, int width)
    {
        int position = (byte)c;
        int length = (byte)d;
        for (int i = 0; i < length && position + i < width; i++)
        {
            b &= ~(1UL << (position + i));
            b |= ((a >> i) & 1) << (position + i);
        }

        return b;
    }
}
