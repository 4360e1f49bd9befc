namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>atom and red, alone and from many CTAs at once.</summary>
public sealed class AtomicTests
{
    public static TheoryData<string> Spaces => ["global", "shared", ""];

    [Theory]
    [MemberData(nameof(Spaces))]
    public void Atom_Bitwise(string space)
    {
        Check<uint>(space, "and.b32", 0b1100, 0b1010, (old, b) => old & b);
        Check<uint>(space, "or.b32", 0b1100, 0b1010, (old, b) => old | b);
        Check<uint>(space, "xor.b32", 0b1100, 0b1010, (old, b) => old ^ b);
        Check<ulong>(space, "and.b64", 0xf0f0_0000_0000_000f, 0x8ff0_0000_0000_0005, (old, b) => old & b);
        Check<ulong>(space, "or.b64", 0xf0f0_0000_0000_000f, 0x8ff0_0000_0000_0005, (old, b) => old | b);
        Check<ulong>(space, "xor.b64", 0xf0f0_0000_0000_000f, 0x8ff0_0000_0000_0005, (old, b) => old ^ b);
        Check<uint>(space, "exch.b32", 3, 4, (_, b) => b);
        Check<ulong>(space, "exch.b64", 3, 4, (_, b) => b);
    }

    [Theory]
    [MemberData(nameof(Spaces))]
    public void Atom_Arithmetic(string space)
    {
        Check<uint>(space, "add.u32", uint.MaxValue, 3, (old, b) => old + b);
        Check<int>(space, "add.s32", -5, 3, (old, b) => old + b);
        Check<ulong>(space, "add.u64", ulong.MaxValue, 3, (old, b) => old + b);
        Check<float>(space, "add.f32", 1.5f, 0.25f, (old, b) => old + b);
        Check<float>(space, "add.f32", float.PositiveInfinity, float.NegativeInfinity, (_, _) =>
            BitConverter.UInt32BitsToSingle(0x7fffffff));
        Check<double>(space, "add.f64", 1.5, 0.1, (old, b) => old + b);
        Check<Half>(space, "add.noftz.f16", (Half)1.5, (Half)0.1, (old, b) => old + b);
        Check<uint>(space, "add.noftz.f16x2", 0x3c00_4000, 0x4000_3c00, (old, b) => Both(old, b, (x, y) =>
            BitConverter.HalfToUInt16Bits(BitConverter.UInt16BitsToHalf(x) + BitConverter.UInt16BitsToHalf(y))));
        // Sums of small integers: exact in bf16.
        Check<uint>(space, "add.noftz.bf16x2", 0x3f80_4000, 0x4000_3f80, (old, b) => Both(old, b, (x, y) => (ushort)(
            BitConverter.SingleToUInt32Bits(
                BitConverter.UInt32BitsToSingle((uint)x << 16) + BitConverter.UInt32BitsToSingle((uint)y << 16)) >> 16)));
    }

    [Theory]
    [MemberData(nameof(Spaces))]
    public void Atom_MinMax_BySign(string space)
    {
        Check<uint>(space, "min.u32", 0x8000_0000, 1, Math.Min);
        Check<int>(space, "min.s32", int.MinValue, 1, Math.Min);
        Check<ulong>(space, "min.u64", 1UL << 63, 1, Math.Min);
        Check<long>(space, "min.s64", long.MinValue, 1, Math.Min);
        Check<uint>(space, "max.u32", 0x8000_0000, 1, Math.Max);
        Check<int>(space, "max.s32", int.MinValue, 1, Math.Max);
        Check<ulong>(space, "max.u64", 1UL << 63, 1, Math.Max);
        Check<long>(space, "max.s64", long.MinValue, 1, Math.Max);
    }

    [Theory]
    [MemberData(nameof(Spaces))]
    public void Atom_IncDec_WrapAtTheLimit(string space)
    {
        Check<uint>(space, "inc.u32", 5, 7, (old, limit) => old >= limit ? 0 : old + 1);
        Check<uint>(space, "inc.u32", 9, 7, (old, limit) => old >= limit ? 0 : old + 1);
        Check<uint>(space, "dec.u32", 5, 7, (old, limit) => old == 0 || old > limit ? limit : old - 1);
        Check<uint>(space, "dec.u32", 9, 7, (old, limit) => old == 0 || old > limit ? limit : old - 1);
    }

    [Theory]
    [MemberData(nameof(Spaces))]
    public void Atom_Cas_ReplacesWhatItExpects(string space)
    {
        Check<uint>(space, "cas.b32", 5, 5, (_, _) => 77, ", 77");
        Check<uint>(space, "cas.b32", 6, 5, (old, _) => old, ", 77");
        Check<ulong>(space, "cas.b64", 5, 5, (_, _) => 77, ", 77");
        Check<ushort>(space, "cas.b16", 5, 5, (_, _) => 77, ", 77");
        Check<ushort>(space, "cas.b16", 6, 5, (old, _) => old, ", 77");
    }

    [Fact]
    public void Red_IsAtomWithoutResult()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", """
            ld.param.u64 %rd1, [p];
            red.relaxed.gpu.global.add.u32 [%rd1], 2;
            red.global.max.s32 [%rd1+4], %tid.x;
            red.global.add.f64 [%rd1+8], 0d3FE0000000000000;
            """));
        ulong p = bench.Allocate(16);

        bench.Launch(4, 96, p);

        Assert.Equal([768, 95], bench.Read<int>(p, 2));
        Assert.Equal([192], bench.Read<double>(p + 8, 1));
    }

    [Fact]
    public void Add_FromManyCtas_LosesNothing()
    {
        using var bench = new PtxBench(
            PtxBench.Kernel(".param .u64 p, .param .u64 tickets", """
            ld.param.u64 %rd1, [p];
            ld.param.u64 %rd2, [tickets];
            mov.u32 %r1, 0;
            LOOP:
            atom.global.add.u32 %r2, [%rd1], 1;
            mul.wide.u32 %rd3, %r2, 4;
            add.u64 %rd3, %rd3, %rd2;
            atom.global.exch.b32 %r3, [%rd3], 1;
            add.u32 %r1, %r1, 1;
            setp.lt.u32 %p1, %r1, 10;
            @%p1 bra LOOP;
            atom.global.add.f32 %f1, [%rd1+4], 0f3F000000;
            """), workers: 4);
        const int Threads = 64 * 128;
        ulong p = bench.Allocate(8);
        ulong tickets = bench.Allocate(Threads * 40);

        bench.Launch(64, 128, p, tickets);

        Assert.Equal([Threads * 10], bench.Read<int>(p, 1));
        Assert.Equal([Threads * 0.5f], bench.Read<float>(p + 4, 1));
        Assert.All(bench.Read<int>(tickets, Threads * 10), ticket => Assert.Equal(1, ticket));
    }

    private static uint Both(uint a, uint b, Func<ushort, ushort, ushort> add) =>
        ((uint)add((ushort)(a >> 16), (ushort)(b >> 16)) << 16) | add((ushort)a, (ushort)b);

    // 40 threads in turn on one place, in some order: together they have to see every value of the chain.
    private static void Check<T>(string space, string operation, T first, T operand, Func<T, T, T> reference, string third = "")
        where T : unmanaged
    {
        string type = operation[(operation.LastIndexOf('.') + 1)..];
        unsafe
        {
            int bits = sizeof(T) * 8;
            string qualifier = space.Length == 0 ? "" : "." + space;
            string register = type.StartsWith("f16", StringComparison.Ordinal) || type.StartsWith("bf16", StringComparison.Ordinal)
                ? $"b{bits}" : type;
            using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p, .param .u64 out", $$"""
                .shared .align 8 .b8 place[8];
                .reg .{{register}} old;
                .reg .{{register}} operand;
                ld.param.u64 %rd1, [p];
                ld.param.u64 %rd2, [out];
                ld.global.b64 %rd4, [%rd1];
                mov.u64 %rd5, place;
                st.shared.b64 [%rd5], %rd4;
                bar.sync 0;
                ld.global.b{{bits}} operand, [%rd1+8];
                atom{{qualifier}}.{{operation}} old, [{{(space == "shared" ? "%rd5" : "%rd1")}}], operand{{third}};
                mov.u32 %r1, %tid.x;
                mul.wide.u32 %rd3, %r1, {{bits / 8}};
                add.u64 %rd2, %rd2, %rd3;
                st.global.b{{bits}} [%rd2], old;
                bar.sync 0;
                ld.shared.b64 %rd6, [%rd5];
                setp.ne.u32 %p1, {{(space == "shared" ? 0 : 1)}}, 0;
                @!%p1 st.global.b64 [%rd1], %rd6;
                """));
            ulong p = bench.Allocate(16);
            bench.Write<T>(p, [first]);
            bench.Write<T>(p + 8, [operand]);
            ulong target = bench.Allocate(40 * sizeof(T));

            bench.Launch(1, 40, p, target);

            T value = first;
            var chain = new List<ulong>();
            for (int i = 0; i < 40; i++)
            {
                chain.Add(OperationBench.Bits(value));
                value = reference(value, operand);
            }

            Assert.Equal(chain.Order(), bench.Read<T>(target, 40).Select(OperationBench.Bits).Order());
            Assert.Equal(OperationBench.Bits(value), OperationBench.Bits(bench.Read<T>(p, 1)[0]));
        }
    }
}
