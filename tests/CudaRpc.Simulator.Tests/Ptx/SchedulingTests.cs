using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>Threads that wait for each other without barriers, and launches that end early or run side by side.</summary>
public sealed class SchedulingTests
{
    // A counter behind a lock, taken by every thread.
    private const string LockedCounter = """
        ld.param.u64 %rd1, [p];
        TRY:
        atom.global.cas.b32 %r1, [%rd1], 0, 1;
        setp.ne.u32 %p1, %r1, 0;
        @%p1 bra TRY;
        ld.volatile.global.u32 %r2, [%rd1+4];
        add.u32 %r2, %r2, 1;
        st.volatile.global.u32 [%rd1+4], %r2;
        membar.gl;
        atom.global.exch.b32 %r3, [%rd1], 0;
        """;

    private static CancellationToken TestTimeout => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1u, 32u, 1)] // lanes of one warp: the holder must get its turn
    [InlineData(1u, 256u, 1)]
    [InlineData(16u, 64u, 1)] // CTAs on one thread
    [InlineData(16u, 64u, 4)]
    public void SpinLock_ExcludesAndEnds(uint blocks, uint threads, int workers)
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", LockedCounter), workers);
        ulong p = bench.Allocate([0, 0]);

        bench.Launch("k", new(blocks, 1, 1, threads, 1, 1), TestTimeout, p);

        Assert.Equal([0, (int)(blocks * threads)], bench.Read<int>(p, 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void LaterBlock_ReleasesEarlierOnes(int workers)
    {
        // Every CTA waits for the one after it; the last waits for nobody.
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", """
            ld.param.u64 %rd1, [p];
            mov.u32 %r1, %ctaid.x;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            add.u32 %r2, %r1, 1;
            setp.eq.u32 %p1, %r2, %nctaid.x;
            @%p1 bra GO;
            WAIT:
            ld.acquire.gpu.global.u32 %r3, [%rd1+4];
            setp.eq.u32 %p2, %r3, 0;
            @%p2 bra WAIT;
            GO:
            st.release.gpu.global.u32 [%rd1], 1;
            """), workers);
        ulong p = bench.Allocate([.. Enumerable.Repeat(0, 40)]);

        bench.Launch("k", new(40, 1, 1, 32, 1, 1), TestTimeout, p);

        Assert.All(bench.Read<int>(p, 40), done => Assert.Equal(1, done));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void CooperativeLaunch_GridBarrierByWorkspace(int workers)
    {
        // What cooperative groups' grid.sync() does: a counter in the workspace that the driver provides.
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", """
            ld.param.u64 %rd1, [p];
            mov.u32 %r1, %envreg1;
            mov.u32 %r2, %envreg2;
            mov.b64 %rd2, {%r2, %r1};
            mov.u32 %r10, 0;
            ROUND:
            bar.sync 0;
            red.global.add.u32 [%rd1], 1;
            bar.sync 0;
            setp.ne.u32 %p1, %tid.x, 0;
            @%p1 bra JOIN;
            membar.gl;
            atom.global.add.u32 %r3, [%rd2+4], 1;
            add.u32 %r10, %r10, 1;
            mul.lo.u32 %r4, %r10, %nctaid.x;
            SPIN:
            ld.volatile.global.u32 %r5, [%rd2+4];
            setp.lt.u32 %p2, %r5, %r4;
            @%p2 bra SPIN;
            bra CHECK;
            JOIN:
            add.u32 %r10, %r10, 1;
            CHECK:
            bar.sync 0;
            ld.volatile.global.u32 %r6, [%rd1];
            mul.lo.u32 %r7, %r10, %nctaid.x;
            mul.lo.u32 %r7, %r7, %ntid.x;
            setp.lt.u32 %p3, %r6, %r7;
            @%p3 trap;
            setp.lt.u32 %p4, %r10, 3;
            @%p4 bra ROUND;
            """), workers);
        ulong p = bench.Allocate([0]);
        ulong used = bench.Memory.Used;

        bench.Launch("k", new(100, 1, 1, 64, 1, 1, Cooperative: true), TestTimeout, p);

        Assert.Equal(100 * 64 * 3, bench.Read<int>(p, 1)[0]);
        Assert.Equal(used, bench.Memory.Used);
    }

    [Fact]
    public void WarpsOfOneBlock_WaitForEachOtherThroughSharedMemory()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", """
            .shared .align 4 .b8 flag[4];
            ld.param.u64 %rd1, [p];
            setp.ne.u32 %p1, %tid.x, 0;
            @!%p1 st.shared.u32 [flag], 0;
            bar.sync 0;
            setp.ge.u32 %p2, %tid.x, 32;
            @%p2 bra SET;
            WAIT:
            ld.volatile.shared.u32 %r1, [flag];
            nanosleep.u32 20;
            setp.eq.u32 %p3, %r1, 0;
            @%p3 bra WAIT;
            red.global.add.u32 [%rd1], %r1;
            exit;
            SET:
            st.volatile.shared.u32 [flag], 5;
            """));
        ulong p = bench.Allocate([0]);

        bench.Launch("k", new(1, 1, 1, 64, 1, 1), TestTimeout, p);

        Assert.Equal(160, bench.Read<int>(p, 1)[0]);
    }

    [Fact]
    public void Cancellation_StopsEndlessKernels()
    {
        using var bench = new PtxBench(PtxBench.Kernel("", "LOOP: add.u32 %r1, %r1, 1; bra LOOP;"));
        using var cancellation = new CancellationTokenSource();
        cancellation.CancelAfter(50);

        Assert.Throws<OperationCanceledException>(() => bench.Launch("k", new(100, 1, 1, 256, 1, 1), cancellation.Token));
    }

    [Fact]
    public void Cancellation_BeforeTheLaunch_RunsNothing()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", "ld.param.u64 %rd1, [p]; st.global.u32 [%rd1], 1;"));
        ulong p = bench.Allocate([0]);

        Assert.Throws<OperationCanceledException>(() => bench.Launch("k", new(1, 1, 1, 1, 1, 1), new CancellationToken(true), p));

        Assert.Equal(0, bench.Read<int>(p, 1)[0]);
    }

    [Fact]
    public void Launches_FromSeveralThreads_ShareTheLauncher()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p, .param .u32 rounds", """
            ld.param.u64 %rd1, [p];
            ld.param.u32 %r1, [rounds];
            LOOP:
            red.global.add.u32 [%rd1], 1;
            sub.u32 %r1, %r1, 1;
            setp.ne.u32 %p1, %r1, 0;
            @%p1 bra LOOP;
            """), workers: 3);
        ulong p = bench.Allocate([.. Enumerable.Repeat(0, 6)]);
        Thread[] threads = [.. Enumerable.Range(0, 6).Select(i => new Thread(() =>
        {
            for (int k = 0; k < 20; k++)
            {
                bench.Launch(8, 96, p + (ulong)(4 * i), i + 1);
            }
        }))];

        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal(Enumerable.Range(0, 6).Select(i => 20 * 8 * 96 * (i + 1)), bench.Read<int>(p, 6));
    }

    [Fact]
    public void SharedAndLocalMemory_OfAnEarlierLaunch_AreNotSeen()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p, .param .u32 write", """
            .shared .align 4 .b8 tile[4096];
            .local .align 4 .b8 mine[64];
            ld.param.u64 %rd1, [p];
            ld.param.u32 %r1, [write];
            setp.ne.u32 %p1, %r1, 0;
            @%p1 bra WRITE;
            ld.shared.u32 %r2, [tile+100];
            ld.local.u32 %r3, [mine+20];
            or.b32 %r2, %r2, %r3;
            red.global.or.b32 [%rd1], %r2;
            exit;
            WRITE:
            st.shared.u32 [tile+100], %r1;
            st.local.u32 [mine+20], %r1;
            """));
        ulong p = bench.Allocate([0]);

        bench.Launch(4, 64, p, 77);
        bench.Launch(4, 64, p, 0);

        Assert.Equal(0, bench.Read<int>(p, 1)[0]);
    }

    [Fact]
    public void Launch_ChecksItsArguments()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", ""));
        PtxKernel kernel = bench.Module.Module.Kernels["k"];

        Assert.Throws<ArgumentException>(() => bench.Launcher.Launch(bench.Module, kernel, new(1, 1, 1, 1, 1, 1), new byte[4], default));
        Assert.Throws<ArgumentException>(() => bench.Launcher.Launch(bench.Module, kernel, new(1, 1, 1, 1025, 1, 1), new byte[8], default));
        Assert.Throws<ArgumentException>(() => bench.Launcher.Launch(bench.Module, kernel, new(0, 1, 1, 1, 1, 1), new byte[8], default));
    }

    [Fact]
    public void LoadedModule_ThatDoesNotFit_LeavesNothing()
    {
        using var memory = new Simulator.Memory.DeviceMemory(8192);
        PtxModule module = PtxModule.Parse(".version 8.4 .target sm_75 .global .b8 a[4096]; .global .b8 b[4097];", "large");

        Assert.Throws<InsufficientMemoryException>(() => new LoadedModule(module, memory, this));

        Assert.Equal(0ul, memory.Used);
    }
}
