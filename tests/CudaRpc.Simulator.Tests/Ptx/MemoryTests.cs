namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Loads, stores and addresses in every state space.</summary>
public sealed class MemoryTests
{
    private const string Thread = """
        ld.param.u64 %rd1, [in];
        ld.param.u64 %rd2, [out];
        mov.u32 %r1, %tid.x;
        """;

    [Theory]
    [InlineData("u8", "b16", 0xf5ul)]
    [InlineData("s8", "b16", 0xfff5ul)]
    [InlineData("b8", "b32", 0xf5ul)]
    [InlineData("u8", "b32", 0xf5ul)]
    [InlineData("s8", "b32", 0xffff_fff5ul)]
    [InlineData("u8", "b64", 0xf5ul)]
    [InlineData("s8", "b64", 0xffff_ffff_ffff_fff5ul)]
    [InlineData("u16", "b32", 0xe4f5ul)]
    [InlineData("s16", "b32", 0xffff_e4f5ul)]
    [InlineData("s16", "b64", 0xffff_ffff_ffff_e4f5ul)]
    [InlineData("b16", "b16", 0xe4f5ul)]
    [InlineData("u32", "b64", 0xc2d3_e4f5ul)]
    [InlineData("s32", "b64", 0xffff_ffff_c2d3_e4f5ul)]
    [InlineData("f32", "f32", 0xc2d3_e4f5ul)]
    [InlineData("u64", "b64", 0x8091_a0b1_c2d3_e4f5ul)]
    [InlineData("f64", "f64", 0x8091_a0b1_c2d3_e4f5ul)]
    public void Load_ExtendsByType(string type, string register, ulong expected)
    {
        int bytes = int.Parse(register.AsSpan(1)) / 8;
        using var bench = new PtxBench(Copy($".reg .{register} t; ld.global.{type} t, [%rd1]; st.global.b{8 * bytes} [%rd2], t;"));
        ulong target = bench.Allocate(8);

        bench.Launch(1, 1, bench.Allocate([0x8091_a0b1_c2d3_e4f5ul]), target);

        Assert.Equal(expected, bench.Read<ulong>(target, 1)[0]);
    }

    [Theory]
    [InlineData("b8", 1)]
    [InlineData("u16", 2)]
    [InlineData("s32", 4)]
    [InlineData("b64", 8)]
    public void Store_TruncatesWideRegisters(string type, int bytes)
    {
        using var bench = new PtxBench(Copy($"ld.global.u64 %rd3, [%rd1]; st.global.{type} [%rd2], %rd3;"));
        ulong target = bench.Allocate([0xeeee_eeee_eeee_eeeeul]);

        bench.Launch(1, 1, bench.Allocate([0x8091_a0b1_c2d3_e4f5ul]), target);

        ulong kept = bytes == 8 ? 0 : ulong.MaxValue << (8 * bytes);
        Assert.Equal((0x8091_a0b1_c2d3_e4f5ul & ~kept) | (0xeeee_eeee_eeee_eeeeul & kept), bench.Read<ulong>(target, 1)[0]);
    }

    [Theory]
    [InlineData("ld.global.v4.u32 {%r10, %r11, %r12, %r13}", "st.global.v4.b32 [%rd2], {%r13, %r12, %r11, %r10}", 4)]
    [InlineData("ld.global.nc.L1::no_allocate.L2::128B.v2.b32 {%r10, %r11}",
        "st.global.cs.v2.f32 [%rd2], {%f10, %f11}; mov.b32 %f10, %r11", 0)]
    [InlineData("ld.global.ca.v4.f32 {%f10, %f11, %f12, %f13}", "st.global.v4.f32 [%rd2], {%f13, %f12, %f11, %f10}", 4)]
    [InlineData("ld.global.v2.u64 {%rd10, %rd11}", "st.global.wt.v2.b64 [%rd2], {%rd11, %rd10}", 8)]
    [InlineData("ld.volatile.global.v4.u8 {%r10, %r11, %r12, %r13}", "st.volatile.global.v4.u8 [%rd2], {%r13, %r12, %r11, %r10}", 1)]
    [InlineData("ld.global.v4.u16 {%h10, %h11, %h12, %h13}", "st.global.v4.u16 [%rd2], {%h13, %h12, %h11, %h10}", 2)]
    public void Vectors_KeepTheirOrder(string load, string store, int reversed)
    {
        using var bench = new PtxBench(Copy($"{load}, [%rd1]; {store};"));
        byte[] input = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        ulong target = bench.Allocate(16);

        bench.Launch(1, 1, bench.Allocate(input), target);

        if (reversed != 0)
        {
            int count = reversed == 8 ? 2 : 4;
            byte[] expected = [.. input.Take(count * reversed).Chunk(reversed).Reverse().SelectMany(chunk => chunk)];
            Assert.Equal(expected, bench.Read<byte>(target, count * reversed));
        }
    }

    [Fact]
    public void Addresses_TakeRegistersOffsetsSymbolsAndNumbers()
    {
        using var bench = new PtxBench(Copy(
            """
            ld.global.u32 %r2, [%rd1+8];
            ld.global.u32 %r3, [%rd1+-4];
            ld.global.u32 %r4, [table+4];
            ld.const.u32 %r5, [fixed];
            mov.u64 %rd3, table;
            ld.global.u32 %r6, [%rd3];
            add.s32 %r2, %r2, %r3;
            add.s32 %r2, %r2, %r4;
            add.s32 %r2, %r2, %r5;
            add.s32 %r2, %r2, %r6;
            st.global.u32 [%rd2], %r2;
            """,
            ".global .align 4 .u32 table[3] = {100, 200}; .const .align 4 .b8 fixed[4] = {16, 39, 0, 0};"));
        ulong input = bench.Allocate([1, 2, 3, 4]);
        ulong target = bench.Allocate(4);

        bench.Launch(1, 1, input + 4, target);

        Assert.Equal(4 + 1 + 200 + 10000 + 100, bench.Read<int>(target, 1)[0]);
    }

    [Fact]
    public void Globals_AreInitialised()
    {
        using var bench = new PtxBench(Copy("", """
            .visible .global .align 8 .u64 pointers[2] = {values, generic(values)+8};
            .visible .global .align 4 .f32 values[4] = {0f3F800000, 2.5, -1, 3};
            .visible .global .align 2 .b16 words[2][2] = {{1, 2}, {-1, 0xffff}};
            .visible .const .align 8 .f64 wide = 0d4000000000000000;
            .visible .global .align 4 .b8 empty[12];
            """));
        Assert.True(bench.Module.TryGetGlobal("values", out ulong values, out ulong size));
        Assert.Equal(16ul, size);
        Assert.Equal([1, 2.5f, -1, 3], bench.Read<float>(values, 4));
        Assert.True(bench.Module.TryGetGlobal("pointers", out ulong pointers, out _));
        Assert.Equal([values, values + 8], bench.Read<ulong>(pointers, 2));
        Assert.True(bench.Module.TryGetGlobal("words", out ulong words, out size));
        Assert.Equal(8ul, size);
        Assert.Equal([1, 2, ushort.MaxValue, ushort.MaxValue], bench.Read<ushort>(words, 4));
        Assert.True(bench.Module.TryGetGlobal("wide", out ulong wide, out _));
        Assert.Equal([2], bench.Read<double>(wide, 1));
        Assert.True(bench.Module.TryGetGlobal("empty", out ulong empty, out size));
        Assert.Equal(new byte[12], bench.Read<byte>(empty, (int)size));
        Assert.False(bench.Module.TryGetGlobal("none", out _, out _));
    }

    [Fact]
    public void Parameters_OfAllSizesAndPlaces()
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u8 a, .param .u64 .ptr .global .align 8 out, .param .u16 b, .param .align 16 .b8 c[20], .param .f64 d",
            """
            ld.param.u64 %rd1, [out];
            ld.param.u8 %r1, [a];
            ld.param.s16 %r2, [b];
            ld.param.u32 %r3, [c+12];
            ld.param.v2.u32 {%r4, %r5}, [c];
            ld.param.f64 %d1, [d];
            st.global.u32 [%rd1], %r1;
            st.global.u32 [%rd1+4], %r2;
            st.global.u32 [%rd1+8], %r3;
            st.global.u32 [%rd1+12], %r4;
            st.global.u32 [%rd1+16], %r5;
            st.global.f64 [%rd1+24], %d1;
            mov.u64 %rd2, c;
            mov.u32 %r6, %tid.x;
            cvt.u64.u32 %rd3, %r6;
            add.u64 %rd2, %rd2, %rd3;
            ld.param.u8 %r7, [%rd2+8];
            add.u64 %rd1, %rd1, %rd3;
            st.global.u8 [%rd1+32], %r7;
            """));
        byte[] structure = [.. Enumerable.Range(0, 20).Select(i => (byte)(10 + i))];
        ulong target = bench.Allocate(48);

        bench.Launch(1, 8, (byte[])[200], target, (byte[])[0xfe, 0xff], structure, 2.5);

        Assert.Equal([200, -2, 0x19181716 + 0x1000000 - 0x1000000, 0x0d0c0b0a, 0x11100f0e], bench.Read<int>(target, 5));
        Assert.Equal([2.5], bench.Read<double>(target + 24, 1));
        Assert.Equal(structure[8..16], bench.Read<byte>(target + 32, 8));
        Assert.Equal([0, 8, 16, 32, 56], bench.Module.Module.Kernels["k"].Parameters.Select(parameter => parameter.Offset));
    }

    [Fact]
    public void Shared_StaticAndDynamic_DoNotOverlap()
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 out",
            """
            .shared .align 4 .b8 fixed[132];
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            mul.wide.u32 %rd2, %r1, 4;
            mov.u64 %rd3, fixed;
            add.u64 %rd4, %rd3, %rd2;
            mov.u32 %r2, dynamic;
            mad.lo.u32 %r3, %r1, 4, %r2;
            st.shared.u32 [%rd4], %r1;
            mul.lo.u32 %r4, %r1, 1000;
            st.shared.u32 [%r3], %r4;
            bar.sync 0;
            xor.b32 %r5, %r1, 31;
            mad.lo.u32 %r6, %r5, 4, %r2;
            ld.shared.u32 %r7, [%r6];
            ld.shared.u32 %r8, [fixed+4];
            ld.shared.u32 %r9, [%r6+-4];
            add.u32 %r7, %r7, %r8;
            add.u64 %rd1, %rd1, %rd2;
            st.global.u32 [%rd1], %r7;
            """,
            ".extern .shared .align 16 .b8 dynamic[];"));
        ulong target = bench.Allocate(128);

        // One word before the dynamic part is still inside the window: the static part.
        bench.Launch("k", new(1, 1, 1, 32, 1, 1, DynamicSharedBytes: 128), target);

        Assert.Equal(Enumerable.Range(0, 32).Select(i => (31 - i) * 1000 + 1), bench.Read<int>(target, 32));
        Assert.Equal(144, bench.Module.Module.Kernels["k"].SharedBytes);
    }

    [Fact]
    public void Local_BelongsToEachThread()
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 out",
            """
            .local .align 8 .b8 mine[64];
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            mov.u64 %rd3, mine;
            mov.u32 %r2, 0;
            LOOP:
            mad.lo.u32 %r3, %r1, 100, %r2;
            mul.wide.u32 %rd4, %r2, 4;
            add.u64 %rd4, %rd4, %rd3;
            st.local.u32 [%rd4], %r3;
            add.u32 %r2, %r2, 1;
            setp.lt.u32 %p1, %r2, 16;
            @%p1 bra LOOP;
            and.b32 %r5, %r1, 15;
            mul.wide.u32 %rd4, %r5, 4;
            add.u64 %rd4, %rd4, %rd3;
            cvta.local.u64 %rd5, %rd4;
            ld.u32 %r6, [%rd5];
            cvta.to.local.u64 %rd6, %rd5;
            ld.local.u32 %r7, [%rd6];
            ld.local.v2.u32 {%r8, %r9}, [mine+8];
            add.u32 %r6, %r6, %r7;
            add.u32 %r6, %r6, %r9;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            st.global.u32 [%rd1], %r6;
            """));
        ulong target = bench.Allocate(400);

        bench.Launch(1, 100, target);

        Assert.Equal(Enumerable.Range(0, 100).Select(i => 2 * (100 * i + (i & 15)) + 100 * i + 3), bench.Read<int>(target, 100));
    }

    [Fact]
    public void Generic_AddressesReachEverySpaceInOneInstruction()
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 in, .param .u64 out",
            Thread + """
            .shared .align 4 .b8 tile[128];
            .local .align 4 .b8 mine[4];
            mul.wide.u32 %rd3, %r1, 4;
            add.u64 %rd1, %rd1, %rd3;
            mov.u64 %rd4, tile;
            add.u64 %rd4, %rd4, %rd3;
            add.u32 %r2, %r1, 1000;
            st.shared.u32 [%rd4], %r2;
            add.u32 %r3, %r1, 2000;
            st.local.u32 [mine], %r3;
            cvta.shared.u64 %rd5, %rd4;
            mov.u64 %rd6, mine;
            cvta.local.u64 %rd7, %rd6;
            rem.u32 %r4, %r1, 3;
            setp.eq.u32 %p1, %r4, 0;
            setp.eq.u32 %p2, %r4, 1;
            selp.b64 %rd8, %rd5, %rd7, %p2;
            selp.b64 %rd8, %rd1, %rd8, %p1;
            ld.u32 %r5, [%rd8];
            isspacep.global %p3, %rd8;
            isspacep.shared %p4, %rd8;
            isspacep.local %p5, %rd8;
            selp.u32 %r6, 10000, 0, %p3;
            selp.u32 %r7, 20000, 0, %p4;
            selp.u32 %r8, 30000, 0, %p5;
            add.u32 %r5, %r5, %r6;
            add.u32 %r5, %r5, %r7;
            add.u32 %r5, %r5, %r8;
            st.u32 [%rd8], %r5;
            ld.u32 %r9, [%rd8];
            add.u64 %rd2, %rd2, %rd3;
            st.global.u32 [%rd2], %r9;
            """));
        ulong target = bench.Allocate(128);

        bench.Launch(1, 32, bench.Allocate([.. Enumerable.Range(0, 32).Select(i => i + 100)]), target);

        Assert.Equal(
            Enumerable.Range(0, 32).Select(i => (i % 3) switch
            {
                0 => 10100 + i,
                1 => 21000 + i,
                _ => 32000 + i,
            }),
            bench.Read<int>(target, 32));
    }

    [Fact]
    public void Access_ThatSpreadsOverAllocations_FindsEach()
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 in, .param .u64 out",
            Thread + """
            mul.wide.u32 %rd3, %r1, 8;
            add.u64 %rd1, %rd1, %rd3;
            ld.global.u64 %rd4, [%rd1];
            ld.global.u32 %r2, [%rd4];
            add.u64 %rd2, %rd2, %rd3;
            st.global.u64 [%rd2], %rd4;
            st.global.u32 [%rd4], %r1;
            """));
        ulong[] places = [.. Enumerable.Range(0, 32).Select(_ => bench.Allocate([0]))];
        ulong target = bench.Allocate(256);

        bench.Launch(1, 32, bench.Allocate(places), target);

        Assert.Equal(places, bench.Read<ulong>(target, 32));
        Assert.Equal(Enumerable.Range(0, 32), places.Select(place => bench.Read<int>(place, 1)[0]));
    }

    public static TheoryData<string> Patterns => ["neighbours", "one", "eights", "reversed", "strided", "shifted", "mixed"];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void GatherAndScatter_InEveryPattern(string pattern)
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 indices, .param .u64 in, .param .u64 gathered, .param .u64 scattered",
            """
            ld.param.u64 %rd1, [indices];
            ld.param.u64 %rd2, [in];
            ld.param.u64 %rd3, [gathered];
            ld.param.u64 %rd4, [scattered];
            mov.u32 %r1, %tid.x;
            mul.wide.u32 %rd5, %r1, 4;
            add.u64 %rd6, %rd1, %rd5;
            ld.global.u32 %r2, [%rd6];
            mul.wide.u32 %rd7, %r2, 4;
            add.u64 %rd8, %rd2, %rd7;
            ld.global.u32 %r3, [%rd8+4];
            add.u64 %rd9, %rd3, %rd5;
            st.global.u32 [%rd9], %r3;
            add.u64 %rd10, %rd4, %rd7;
            st.global.u32 [%rd10+4], %r1;
            """));
        int[] indices = [.. Enumerable.Range(0, 64).Select(i => pattern switch
        {
            "neighbours" => i,
            "one" => 5,
            "eights" => i / 8,
            "reversed" => 63 - i,
            "strided" => 2 * i,
            "shifted" => (i / 8 * 8) + ((i + 1) % 8),
            _ => i % 16 < 8 ? i : i * 7 % 64,
        })];
        int[] input = [.. Enumerable.Range(1000, 200)];
        ulong gathered = bench.Allocate(256);
        ulong scattered = bench.Allocate(Enumerable.Repeat(-1, 200).ToArray());

        bench.Launch(1, 64, bench.Allocate(indices), bench.Allocate(input), gathered, scattered);

        Assert.Equal(indices.Select(index => input[index + 1]), bench.Read<int>(gathered, 64));
        int[] written = bench.Read<int>(scattered, 200);
        for (int place = 0; place < 200; place++)
        {
            int[] writers = [.. Enumerable.Range(0, 64).Where(i => indices[i] + 1 == place)];
            Assert.Contains(written[place], writers.Length == 0 ? [-1] : writers);
        }
    }

    [Fact]
    public void AsynchronousCopies_ArriveInSharedMemory()
    {
        using var bench = new PtxBench(PtxBench.Kernel(
            ".param .u64 in, .param .u64 out",
            Thread + """
            .shared .align 16 .b8 tile[512];
            mul.wide.u32 %rd3, %r1, 16;
            add.u64 %rd1, %rd1, %rd3;
            add.u64 %rd2, %rd2, %rd3;
            mov.u32 %r2, tile;
            mad.lo.u32 %r2, %r1, 16, %r2;
            cp.async.cg.shared.global [%r2], [%rd1], 16;
            cp.async.commit_group;
            cp.async.wait_group 0;
            bar.sync 0;
            ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r2];
            st.global.v4.u32 [%rd2], {%r3, %r4, %r5, %r6};
            """));
        int[] input = [.. Enumerable.Range(0, 128)];
        ulong target = bench.Allocate(512);

        bench.Launch(1, 32, bench.Allocate(input), target);

        Assert.Equal(input, bench.Read<int>(target, 128));
    }

    // Fewer bytes are read than written: lane i reads i, of lane 0 not even the address counts.
    [Fact]
    public void AsynchronousCopy_OfFewerBytes_FillsWithZeros()
    {
        using var bench = new PtxBench(Copy(
            """
            .shared .align 16 .b8 tile[512];
            mul.wide.u32 %rd3, %r1, 16;
            add.u64 %rd1, %rd1, %rd3;
            add.u64 %rd2, %rd2, %rd3;
            setp.eq.u32 %p1, %r1, 0;
            selp.b64 %rd1, 64, %rd1, %p1;
            mov.u32 %r2, tile;
            mad.lo.u32 %r2, %r1, 16, %r2;
            min.u32 %r7, %r1, 16;
            cp.async.cg.shared.global [%r2], [%rd1], 16, %r7;
            cp.async.wait_all;
            bar.sync 0;
            ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r2];
            st.global.v4.u32 [%rd2], {%r3, %r4, %r5, %r6};
            """));
        byte[] input = [.. Enumerable.Range(0, 512).Select(static i => (byte)((i % 255) + 1))];
        ulong target = bench.Allocate(512);

        bench.Launch(1, 32, bench.Allocate(input), target);

        Assert.Equal(input.Select(static (value, i) => i % 16 < i / 16 ? value : (byte)0), bench.Read<byte>(target, 512));
    }

    private static string Copy(string body, string before = "") =>
        PtxBench.Kernel(".param .u64 in, .param .u64 out", Thread + body, before);
}
