using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>CTAs of a cluster reach each other's shared memory, wait for each other, and know where they are.</summary>
public sealed class ClusterTests
{
    // Of each CTA: its neighbour's value by a shared address, that address's rank, the value by a generic address, its own value after its neighbour has
    // added 1 with every thread, and %clusterid.x.
    private const string Body = """
        .shared .align 4 .u32 cell;
        ld.param.u64 %rd1, [out];
        mov.u32 %r1, %ctaid.x;
        mov.u32 %r2, %cluster_ctarank;
        mov.u32 %r3, %cluster_nctarank;
        mov.u32 %r4, %tid.x;
        setp.eq.u32 %p1, %r4, 0;
        mul.lo.u32 %r5, %r1, 1000;
        @%p1 st.shared.u32 [cell], %r5;
        barrier.cluster.arrive.release.aligned;
        barrier.cluster.wait.acquire.aligned;
        add.u32 %r6, %r2, 1;
        rem.u32 %r6, %r6, %r3;
        mov.u32 %r7, cell;
        mapa.shared::cluster.u32 %r8, %r7, %r6;
        ld.shared::cluster.u32 %r9, [%r8];
        getctarank.shared::cluster.u32 %r10, %r8;
        mov.u64 %rd3, cell;
        cvta.shared.u64 %rd2, %rd3;
        mapa.u64 %rd4, %rd2, %r6;
        ld.u32 %r11, [%rd4];
        barrier.cluster.arrive.aligned;
        barrier.cluster.wait.aligned;
        red.shared::cluster.add.u32 [%r8], 1;
        barrier.cluster.arrive;
        barrier.cluster.wait;
        ld.shared.u32 %r12, [cell];
        mov.u32 %r13, %clusterid.x;
        mad.wide.u32 %rd5, %r1, 20, %rd1;
        @!%p1 exit;
        st.global.u32 [%rd5], %r9;
        st.global.u32 [%rd5+4], %r10;
        st.global.u32 [%rd5+8], %r11;
        st.global.u32 [%rd5+12], %r12;
        st.global.u32 [%rd5+16], %r13;
        """;

    [Theory]
    [InlineData(8, 4)]
    [InlineData(6, 1)]
    [InlineData(512, 8)]
    public void Cluster_ExchangesThroughSharedMemory(uint blocks, uint size)
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", Body));
        ulong output = bench.Allocate((int)(blocks * 20));

        bench.Launch("k", new LaunchShape(blocks, 1, 1, 64, 1, 1, Cluster: new Simulator.Ptx.Dim3(size, 1, 1)), output);

        uint[] results = bench.Read<uint>(output, (int)blocks * 5);
        for (uint block = 0; block < blocks; block++)
        {
            uint first = block / size * size;
            uint neighbour = first + ((block - first + 1) % size);
            Assert.Equal(
                [neighbour * 1000, neighbour - first, neighbour * 1000, (block * 1000) + 64, block / size], results.AsSpan((int)block * 5, 5).ToArray());
        }
    }

    [Fact]
    public void Registers_OfAThreeDimensionalCluster_SayWhereTheBlockIs()
    {
        string[] names =
        [
            "%clusterid", "%nclusterid", "%cluster_ctaid", "%cluster_nctaid",
        ];
        string reads = string.Concat(names.SelectMany(name => "xyz".Select(axis => (name, axis))).Select(
            (register, index) => $"mov.u32 %r1, {register.name}.{register.axis}; st.global.u32 [%rd1+{4 * index}], %r1;\n"));
        string body = $"""
            mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ctaid.y; mov.u32 %r4, %ctaid.z;
            setp.ne.u32 %p1, %r2, 3; setp.ne.or.u32 %p1, %r3, 2, %p1; setp.ne.or.u32 %p1, %r4, 1, %p1;
            @%p1 exit;
            ld.param.u64 %rd1, [out];
            {reads}
            mov.u32 %r1, %cluster_ctarank; st.global.u32 [%rd1+48], %r1;
            mov.pred %p2, %is_explicit_cluster; selp.u32 %r1, 1, 0, %p2; st.global.u32 [%rd1+52], %r1;
            """;
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", body));
        ulong output = bench.Allocate(56);

        bench.Launch("k", new LaunchShape(4, 3, 2, 1, 1, 1, Cluster: new Simulator.Ptx.Dim3(2, 3, 1)), output);

        Assert.Equal([1, 0, 1, 2, 1, 2, 1, 2, 0, 2, 3, 1, 5, 1], bench.Read<uint>(output, 14));
    }

    [Fact]
    public void Barrier_WithBlocksThatHaveExited_LetsTheOthersGo()
    {
        const string Source = """
            mov.u32 %r2, %cluster_ctarank;
            setp.eq.u32 %p1, %r2, 0;
            @%p1 exit;
            barrier.cluster.arrive;
            barrier.cluster.wait;
            ld.param.u64 %rd1, [out];
            red.global.add.u32 [%rd1], 1;
            """;
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 out", Source));
        ulong output = bench.Allocate<uint>([0]);

        bench.Launch("k", new LaunchShape(64, 1, 1, 32, 1, 1, Cluster: new Simulator.Ptx.Dim3(4, 1, 1)), output);

        Assert.Equal(48 * 32u, bench.Read<uint>(output, 1)[0]);
    }

    [Fact]
    public void Barrier_ThatOthersDoNotReach_IsADeadlock()
    {
        const string Source = """
            mov.u32 %r2, %cluster_ctarank;
            setp.eq.u32 %p1, %r2, 0;
            barrier.cluster.arrive;
            @%p1 bar.sync 1, 64;
            barrier.cluster.wait;
            @!%p1 barrier.cluster.arrive;
            @!%p1 barrier.cluster.wait;
            """;
        using var bench = new PtxBench(PtxBench.Kernel("", Source));

        DeviceFaultException fault = Assert.Throws<DeviceFaultException>(
            () => bench.Launch("k", new LaunchShape(2, 1, 1, 32, 1, 1, Cluster: new Simulator.Ptx.Dim3(2, 1, 1))));

        Assert.Equal(DeviceFaultKind.Deadlock, fault.Kind);
    }

    [Theory]
    [InlineData("mov.u32 %r1, 2; mov.u32 %r2, 0; mapa.shared::cluster.u32 %r3, %r2, %r1;", DeviceFaultKind.IllegalInstruction)]
    [InlineData("mov.u32 %r1, 0x3000000; ld.shared::cluster.u32 %r3, [%r1];", DeviceFaultKind.IllegalAddress)]
    [InlineData("mov.u32 %r1, 0x2000010; ld.shared::cluster.u32 %r3, [%r1];", DeviceFaultKind.IllegalAddress)]
    [InlineData("mov.u32 %r1, 0x2000002; ld.shared::cluster.u32 %r3, [%r1];", DeviceFaultKind.MisalignedAddress)]
    [InlineData("barrier.cluster.arrive; barrier.cluster.arrive;", DeviceFaultKind.IllegalInstruction)]
    public void Access_OutsideTheCluster_Faults(string body, DeviceFaultKind expected)
    {
        using var bench = new PtxBench(PtxBench.Kernel("", ".shared .align 16 .b8 room[16]; mov.u32 %r9, room; st.shared.u32 [%r9], %r9;" + body));

        DeviceFaultException fault = Assert.Throws<DeviceFaultException>(
            () => bench.Launch("k", new LaunchShape(2, 1, 1, 1, 1, 1, Cluster: new Simulator.Ptx.Dim3(2, 1, 1))));

        Assert.Equal(expected, fault.Kind);
    }
}
