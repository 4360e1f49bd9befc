using System.Numerics;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Shuffles, votes, matches, reductions of a warp.</summary>
public sealed class WarpTests
{
    [Theory]
    [InlineData("idx")]
    [InlineData("up")]
    [InlineData("down")]
    [InlineData("bfly")]
    public void Shfl_FollowsTheDefinition(string mode)
    {
        foreach (uint width in (uint[])[32, 16, 8, 4, 2])
        {
            uint segment = (32 - width) << 8;
            uint clamp = segment | (mode == "up" ? 0u : 31);
            foreach (int distance in (int[])[0, 1, 3, 7, 16, 31, 33])
            {
                uint[] results = Run(
                    $"shfl.sync.{mode}.b32 %r10|%p1, %r1, {distance}, {clamp}, 0xffffffff; "
                    + "selp.u32 %r11, 0, 1000, %p1; add.u32 %r2, %r10, %r11;");
                for (int lane = 0; lane < 32; lane++)
                {
                    Assert.Equal(Shuffled(mode, lane, distance & 31, clamp), results[lane]);
                }
            }
        }
    }

    [Fact]
    public void Shfl_BetweenTilesWithTheirOwnMasks()
    {
        // Both halves execute one instruction, each naming only itself.
        uint[] results = Run("""
            setp.lt.u32 %p1, %r1, 16;
            selp.b32 %r10, 0xffff, 0xffff0000, %p1;
            shfl.sync.bfly.b32 %r2, %r1, 3, 0x1f, %r10;
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => (uint)(lane ^ 3)), results);
    }

    [Fact]
    public void Shfl_InDivergedBranches_SeesOnlyItsOwn()
    {
        uint[] results = Run("""
            and.b32 %r10, %r1, 1;
            setp.eq.u32 %p1, %r10, 0;
            mov.u32 %r11, %r1;
            @%p1 bra EVEN;
            add.u32 %r11, %r11, 100;
            shfl.sync.idx.b32 %r2, %r11, 5, 0x1f, 0xaaaaaaaa;
            bra JOIN;
            EVEN:
            shfl.sync.idx.b32 %r2, %r11, 4, 0x1f, 0x55555555;
            JOIN:
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane % 2 == 0 ? 4u : 105), results);
    }

    [Fact]
    public void Shfl_BringsDivergedThreadsTogether()
    {
        // Threads come to the shuffle by paths of different length; it has to wait for all.
        uint[] results = Run("""
            mov.u32 %r10, 0;
            mov.u32 %r11, %r1;
            LOOP:
            setp.ge.u32 %p1, %r10, %r1;
            @%p1 bra AFTER;
            add.u32 %r10, %r10, 1;
            add.u32 %r11, %r11, 1;
            bra LOOP;
            AFTER:
            shfl.sync.down.b32 %r2, %r11, 1, 0x1f, 0xffffffff;
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => (uint)(2 * Math.Min(lane + 1, 31))), results);
    }

    [Fact]
    public void Sync_DoesNotWaitForExitedThreads()
    {
        using var bench = new PtxBench(Kernel("""
            setp.ge.u32 %p1, %r1, 20;
            @%p1 exit;
            vote.sync.ballot.b32 %r2, 1, 0xffffffff;
            """));
        ulong target = bench.Allocate(128);
        bench.Launch(1, 32, target);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 20 ? 0xfffffu : 0), bench.Read<uint>(target, 32));
    }

    [Fact]
    public void Vote_AllAnyUniBallot()
    {
        Assert.All(Run("setp.lt.u32 %p1, %r1, 32; vote.sync.all.pred %p2, %p1, -1; selp.u32 %r2, 1, 0, %p2;"), x => Assert.Equal(1u, x));
        Assert.All(Run("setp.lt.u32 %p1, %r1, 31; vote.sync.all.pred %p2, %p1, -1; selp.u32 %r2, 1, 0, %p2;"), x => Assert.Equal(0u, x));
        Assert.All(Run("setp.eq.u32 %p1, %r1, 9; vote.sync.any.pred %p2, %p1, -1; selp.u32 %r2, 1, 0, %p2;"), x => Assert.Equal(1u, x));
        Assert.All(Run("setp.lt.u32 %p1, %r1, 32; vote.sync.any.pred %p2, !%p1, -1; selp.u32 %r2, 1, 0, %p2;"), x => Assert.Equal(0u, x));
        Assert.All(Run("setp.gt.u32 %p1, %r1, 40; vote.sync.uni.pred %p2, %p1, -1; selp.u32 %r2, 1, 0, %p2;"), x => Assert.Equal(1u, x));
        Assert.All(Run("setp.gt.u32 %p1, %r1, 4; vote.sync.uni.pred %p2, %p1, -1; selp.u32 %r2, 1, 0, %p2;"), x => Assert.Equal(0u, x));
        Assert.All(Run("setp.gt.u32 %p1, %r1, 4; vote.sync.ballot.b32 %r2, %p1, -1;"), x => Assert.Equal(0xffff_ffe0, x));
        Assert.All(Run("setp.gt.u32 %p1, %r1, 4; vote.sync.ballot.b32 %r2, !%p1, -1;"), x => Assert.Equal(0x1fu, x));
    }

    [Fact]
    public void Match_FindsEqualValues()
    {
        uint[] any = Run("and.b32 %r10, %r1, 3; match.any.sync.b32 %r2, %r10, 0xffffffff;");
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => 0x1111_1111u << (lane & 3)), any);
        uint[] any64 = Run("cvt.u64.u32 %rd10, %r1; shr.u64 %rd10, %rd10, 4; match.any.sync.b64 %r2, %rd10, 0xffffffff;");
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 16 ? 0xffffu : 0xffff_0000), any64);
        uint[] all = Run("shr.u32 %r10, %r1, 5; match.all.sync.b32 %r11|%p1, %r10, 0xffffffff; selp.u32 %r2, %r11, 7, %p1;");
        Assert.All(all, x => Assert.Equal(uint.MaxValue, x));
        uint[] none = Run("match.all.sync.b32 %r11|%p1, %r1, 0xffffffff; selp.u32 %r2, 7, %r11, %p1;");
        Assert.All(none, x => Assert.Equal(0u, x));
    }

    [Fact]
    public void Redux_ReducesTheMembers()
    {
        Assert.All(Run("redux.sync.add.u32 %r2, %r1, -1;"), x => Assert.Equal(496u, x));
        Assert.All(Run("sub.u32 %r10, %r1, 5; redux.sync.min.s32 %r2, %r10, -1;"), x => Assert.Equal(-5, (int)x));
        Assert.All(Run("sub.u32 %r10, %r1, 5; redux.sync.max.u32 %r2, %r10, -1;"), x => Assert.Equal(uint.MaxValue, x));
        Assert.All(Run("shl.b32 %r10, 1, %r1; redux.sync.or.b32 %r2, %r10, -1;"), x => Assert.Equal(uint.MaxValue, x));
        Assert.All(Run("redux.sync.xor.b32 %r2, %r1, -1;"), x => Assert.Equal(0u, x));
        Assert.All(Run("or.b32 %r10, %r1, 64; redux.sync.and.b32 %r2, %r10, -1;"), x => Assert.Equal(64u, x));
    }

    [Fact]
    public void LaneRegisters_AndActiveMask()
    {
        Assert.Equal(Lanes(lane => (uint)lane), Run("mov.u32 %r2, %laneid;"));
        Assert.Equal(Lanes(lane => 1u << lane), Run("mov.u32 %r2, %lanemask_eq;"));
        Assert.Equal(Lanes(lane => (1u << lane) - 1), Run("mov.u32 %r2, %lanemask_lt;"));
        Assert.Equal(Lanes(lane => (uint)((2ul << lane) - 1)), Run("mov.u32 %r2, %lanemask_le;"));
        Assert.Equal(Lanes(lane => ~(uint)((2ul << lane) - 1)), Run("mov.u32 %r2, %lanemask_gt;"));
        Assert.Equal(Lanes(lane => ~((1u << lane) - 1)), Run("mov.u32 %r2, %lanemask_ge;"));
        Assert.Equal(
            Lanes(lane => lane < 10 ? 0x3ffu : 0xffff_fc00),
            Run("setp.lt.u32 %p1, %r1, 10; @%p1 activemask.b32 %r2; @!%p1 activemask.b32 %r2;"));
        Assert.All(Run("mov.u32 %r2, WARP_SZ;"), x => Assert.Equal(32u, x));
    }

    private static IEnumerable<uint> Lanes(Func<int, uint> value) => Enumerable.Range(0, 32).Select(value);

    private static string Kernel(string code) => PtxBench.Kernel(".param .u64 out", $$"""
        ld.param.u64 %rd1, [out];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd2, %r1, 4;
        add.u64 %rd1, %rd1, %rd2;
        {{code}}
        st.global.u32 [%rd1], %r2;
        """);

    // %r1 is the lane, %r2 the result.
    private static uint[] Run(string code)
    {
        using var bench = new PtxBench(Kernel(code));
        ulong target = bench.Allocate(128);
        bench.Launch(1, 32, target);
        return bench.Read<uint>(target, 32);
    }

    // PTX ISA, shfl.sync: the pseudo code.
    private static uint Shuffled(string mode, int lane, int b, uint c)
    {
        int segment = (int)(c >> 8) & 31;
        int clamp = (int)c & 31;
        int most = (lane & segment) | (clamp & ~segment);
        (int from, bool valid) = mode switch
        {
            "up" => (lane - b, lane - b >= most),
            "down" => (lane + b, lane + b <= most),
            "bfly" => (lane ^ b, (lane ^ b) <= most),
            _ => ((lane & segment) | (b & ~segment), ((lane & segment) | (b & ~segment)) <= most),
        };
        return valid ? (uint)from : (uint)lane + 1000;
    }
}
