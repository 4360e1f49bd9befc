namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>bar and barrier.</summary>
public sealed class BarrierTests
{
    [Theory]
    [InlineData(32u)]
    [InlineData(33u)]
    [InlineData(100u)]
    [InlineData(1024u)]
    public void BarSync_OrdersSharedMemory(uint threads)
    {
        // Each round every thread reads what its neighbour wrote in the round before.
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            .shared .align 4 .b8 a[4096];
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, %ntid.x;
            mov.u32 %r3, a;
            mad.lo.u32 %r4, %r1, 4, %r3;
            add.u32 %r5, %r1, 1;
            rem.u32 %r5, %r5, %r2;
            mad.lo.u32 %r5, %r5, 4, %r3;
            st.shared.u32 [%r4], %r1;
            mov.u32 %r6, 0;
            LOOP:
            bar.sync 0;
            ld.shared.u32 %r7, [%r5];
            barrier.cta.sync.aligned 0;
            add.u32 %r7, %r7, 1;
            st.shared.u32 [%r4], %r7;
            add.u32 %r6, %r6, 1;
            setp.lt.u32 %p1, %r6, 10;
            @%p1 bra LOOP;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            st.global.u32 [%rd1], %r7;
            """));
        ulong target = bench.Allocate(4096);

        bench.Launch(1, threads, target);

        Assert.Equal(Enumerable.Range(0, (int)threads).Select(i => (int)((i + 10) % threads) + 10), bench.Read<int>(target, (int)threads));
    }

    [Fact]
    public void BarSync_ExitedThreadsAreNotWaitedFor()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            setp.ge.u32 %p1, %r1, 40;
            @%p1 ret;
            bar.sync 0;
            atom.global.add.u32 %r2, [%rd1], 1;
            """));
        ulong target = bench.Allocate(4);

        bench.Launch(1, 128, target);

        Assert.Equal(40, bench.Read<int>(target, 1)[0]);
    }

    [Fact]
    public void BarSync_InDivergedCode_CountsThreads()
    {
        // Half of each warp waits in one branch, half in the other: on the same barrier.
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            and.b32 %r2, %r1, 1;
            setp.eq.u32 %p1, %r2, 0;
            @%p1 bra EVEN;
            red.global.add.u32 [%rd1], 1;
            barrier.sync 0;
            bra JOIN;
            EVEN:
            red.global.add.u32 [%rd1], 1;
            barrier.sync 0;
            JOIN:
            ld.global.u32 %r3, [%rd1];
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd2, %rd2, %rd1;
            st.global.u32 [%rd2+4], %r3;
            """));
        ulong target = bench.Allocate(300);

        bench.Launch(1, 64, target);

        Assert.All(bench.Read<int>(target, 65), count => Assert.Equal(64, count));
    }

    [Fact]
    public void BarArrive_LetsProducersGoOn()
    {
        // Warp 0 consumes what warps 1 to 3 have produced; they do not wait.
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            .shared .align 4 .b8 a[512];
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            mov.u32 %r3, a;
            mad.lo.u32 %r4, %r1, 4, %r3;
            setp.lt.u32 %p1, %r1, 32;
            @%p1 bra CONSUME;
            st.shared.u32 [%r4], %r1;
            membar.cta;
            bar.arrive 3, 128;
            exit;
            CONSUME:
            bar.sync 3, 128;
            ld.shared.u32 %r5, [%r4+128];
            ld.shared.u32 %r6, [%r4+256];
            ld.shared.u32 %r7, [%r4+384];
            add.u32 %r5, %r5, %r6;
            add.u32 %r5, %r5, %r7;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd2, %rd2, %rd1;
            st.global.u32 [%rd2], %r5;
            """));
        ulong target = bench.Allocate(128);

        bench.Launch(1, 128, target);

        Assert.Equal(Enumerable.Range(0, 32).Select(i => 3 * i + 32 + 64 + 96), bench.Read<int>(target, 32));
    }

    [Fact]
    public void BarSync_WithCount_SynchronisesSomeWarps()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            shr.u32 %r2, %r1, 6;
            add.u32 %r3, %r2, 1;
            mul.wide.u32 %rd2, %r2, 4;
            add.u64 %rd3, %rd1, %rd2;
            red.global.add.u32 [%rd3], 1;
            bar.sync %r3, 64;
            ld.global.u32 %r4, [%rd3];
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd2, %rd2, %rd1;
            st.global.u32 [%rd2+8], %r4;
            """));
        ulong target = bench.Allocate(600);

        bench.Launch(1, 128, target);

        Assert.All(bench.Read<int>(target, 130), count => Assert.Equal(64, count));
    }

    [Fact]
    public void BarRed_CountsAndCombines()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", """
            ld.param.u64 %rd1, [out];
            mov.u32 %r1, %tid.x;
            rem.u32 %r2, %r1, 3;
            setp.eq.u32 %p1, %r2, 0;
            bar.red.popc.u32 %r3, 0, %p1;
            bar.red.popc.u32 %r4, 0, !%p1;
            bar.red.and.pred %p2, 0, %p1;
            bar.red.or.pred %p3, 1, %p1;
            setp.lt.u32 %p4, %r1, 1000;
            bar.red.and.pred %p5, 0, %p4;
            bar.red.or.pred %p6, 0, !%p4;
            selp.u32 %r5, 1, 0, %p2;
            selp.u32 %r6, 2, 0, %p3;
            selp.u32 %r7, 4, 0, %p5;
            selp.u32 %r8, 8, 0, %p6;
            or.b32 %r5, %r5, %r6;
            or.b32 %r5, %r5, %r7;
            or.b32 %r5, %r5, %r8;
            mad.lo.u32 %r3, %r3, 1000, %r4;
            mad.lo.u32 %r3, %r3, 100, %r5;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd2, %rd2, %rd1;
            st.global.u32 [%rd2], %r3;
            """));
        ulong target = bench.Allocate(400);

        bench.Launch(1, 100, target);

        Assert.All(bench.Read<int>(target, 100), value => Assert.Equal((34 * 1000 + 66) * 100 + 6, value));
    }
}
