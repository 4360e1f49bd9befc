using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Tracing.Tests;

public sealed unsafe class MeterTests
{
    [Fact]
    public void ClientCalls_AreWhatTheSessionCounts()
    {
        using var server = new ListenedServer(hasMeters: true);
        using CudaSession session = server.Connect();
        using CudaContext context = session.Devices[0].CreateContext();
        using DeviceMemory<int> memory = context.Allocate([1, 2, 3]);
        context.Synchronize();

        Dictionary<string, double> calls = server.Observe("cudarpc.client.calls", "cudarpc.class");
        Dictionary<string, double> bytes = server.Observe("cudarpc.client.io", "network.io.direction");

        CallStatistics statistics = session.Statistics;
        Assert.Equal((statistics.Posted, statistics.Synchronous, statistics.Local),
            (calls["posted"], calls["synchronous"], calls["local"]));
        Assert.Equal((statistics.BytesSent, statistics.BytesReceived), (bytes["transmit"], bytes["receive"]));
        Assert.InRange(statistics.Synchronous, 1, long.MaxValue);
    }

    [Fact]
    public void ClientCalls_AfterTheSessionsEnd_StayCounted()
    {
        using var server = new ListenedServer(hasMeters: true);
        double[] counts = new double[3];
        for (int count = 0; count < counts.Length; count++)
        {
            server.Connect().Dispose();
            using CudaSession session = server.Connect();
            using CudaContext context = session.Devices[0].CreateContext();
            context.Synchronize();
            counts[count] = server.Observe("cudarpc.client.calls", "cudarpc.class")["synchronous"];
        }

        Assert.InRange(counts[0], 1, double.MaxValue);
        Assert.True(counts[0] < counts[1] && counts[1] < counts[2]);
    }

    [Fact]
    public void ClientSessionsAndLanes_ComeAndGo()
    {
        using var server = new ListenedServer(hasMeters: true);
        using (CudaSession session = server.Connect())
        {
            using CudaContext context = session.Devices[0].CreateContext();
            context.Synchronize();

            Assert.Equal(1, server.Observe("cudarpc.client.sessions", "none")[""]);
            Assert.InRange(server.Observe("cudarpc.client.lanes", "none")[""], 1, 8);
        }

        Assert.Equal(0, server.Observe("cudarpc.client.sessions", "none")[""]);
        Assert.Equal(0, server.Observe("cudarpc.client.lanes", "none")[""]);
    }

    [Fact]
    public void ClientDurations_OfCallsThatWait_AreByMethodAndFailure()
    {
        using var server = new ListenedServer(hasMeters: true);
        using CudaSession session = server.Connect();
        using CudaContext context = session.Devices[0].CreateContext();
        context.Synchronize();
        CUdeviceptr pointer;
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemAlloc_v2(&pointer, 256));
        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, session.Driver.cuMemAlloc_v2(&pointer, nuint.MaxValue / 4));

        ListenedServer.Reading[] durations = server.Recorded("rpc.client.call.duration");

        ListenedServer.Reading[] allocations = [.. durations.Where(static reading => reading.Tag("rpc.method") == "cuMemAlloc_v2")];
        Assert.Equal(["", "CUDA_ERROR_OUT_OF_MEMORY"], allocations.Select(static reading => reading.Tag("error.type")));
        Assert.All(durations, static reading => Assert.InRange(reading.Value, 1e-9, 60));
        Assert.Equal(session.Statistics.Synchronous, durations.Length);
    }

    [Fact]
    public void ClientDeferredFailures_AreCountedByTheCallThatFailed()
    {
        using var server = new ListenedServer(hasMeters: true);
        using CudaSession session = server.Connect();
        using CudaContext context = session.Devices[0].CreateContext();
        context.Synchronize();
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemsetD8_v2(new CUdeviceptr(0x1234), 7, 16));
        Assert.NotEqual(CUresult.CUDA_SUCCESS, session.Driver.cuCtxSynchronize());

        ListenedServer.Reading failure = Assert.Single(server.Recorded("cudarpc.client.deferred_failures"));

        Assert.Equal((1, "cuMemsetD8_v2", "CUDA_ERROR_INVALID_VALUE"),
            (failure.Value, failure.Tag("rpc.method"), failure.Tag("error.type")));
    }

    [Fact]
    public void ServerGauges_TellWhatClientsHold()
    {
        using var server = new ListenedServer(hasMeters: true);
        using (CudaSession session = server.Connect())
        {
            using CudaContext context = session.Devices[0].CreateContext();
            // Small images are not kept.
            string kernel = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "kernels", "vector_add.ptx"));
            using CudaModule module = context.LoadModule($"{kernel}//{new string('x', ProtocolLimits.HashedImage)}\n");
            using DeviceMemory<byte> memory = context.Allocate<byte>(1 << 20);
            context.Synchronize();

            Assert.Equal(1, server.Observe("cudarpc.server.sessions", "none")[""]);
            Assert.InRange(server.Observe("cudarpc.server.lanes", "none")[""], 1, 8);
            Assert.InRange(server.Observe("cudarpc.server.handles", "none")[""], 2, 100);
            Assert.Equal(1 << 20, server.Observe("cudarpc.server.memory", "none")[""]);
            Assert.Equal(1, server.Observe("cudarpc.server.modules", "none")[""]);
            Assert.Equal(server.Server.Images.Bytes, server.Observe("cudarpc.server.modules.size", "none")[""]);
        }

        SpinWait.SpinUntil(() => server.Server.Usage.Sessions == 0, TimeSpan.FromSeconds(20));
        Assert.Equal(0, server.Observe("cudarpc.server.sessions", "none")[""]);
        Assert.Equal(0, server.Observe("cudarpc.server.memory", "none")[""]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ServerBytes_OfCopies_AreCountedBothWays(bool isPageLocked)
    {
        const int Bytes = 3 << 20;
        using var server = new ListenedServer(hasMeters: true);
        using CudaSession session = server.Connect();
        using CudaContext context = session.Devices[0].CreateContext();
        using DeviceMemory<byte> memory = context.Allocate<byte>(Bytes);
        void* host = NativeMemory.AllocZeroed(Bytes);
        void* locked = host;
        if (isPageLocked)
        {
            Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemAllocHost_v2(&locked, Bytes));
        }

        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemcpyHtoD_v2(memory.Address, host, Bytes));
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemcpyDtoHAsync_v2(locked, memory.Address, Bytes, default));
        context.Synchronize();
        NativeMemory.Free(host);

        Dictionary<string, double> bytes = server.Observe("cudarpc.server.io", "network.io.direction");
        Assert.InRange(bytes["receive"], Bytes, Bytes + 10_000);
        Assert.InRange(bytes["transmit"], Bytes, Bytes + 10_000);
    }

    [Fact]
    public void ServerCalls_AreCountedAndTimed_AlsoOfSessionsThatEnded()
    {
        using var server = new ListenedServer(hasMeters: true);
        long synchronous;
        using (CudaSession session = server.Connect())
        {
            using CudaContext context = session.Devices[0].CreateContext();
            using DeviceMemory<byte> memory = context.Allocate<byte>(64);
            Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemsetD8_v2(memory.Address, 7, 64));
            context.Synchronize();
            synchronous = session.Statistics.Synchronous;
        }

        SpinWait.SpinUntil(() => server.Server.Usage.Sessions == 0, TimeSpan.FromSeconds(20));
        Dictionary<string, double> calls = server.Observe("cudarpc.server.calls", "cudarpc.class");
        ListenedServer.Reading[] durations = server.Recorded("rpc.server.call.duration");

        Assert.InRange(calls["synchronous"], synchronous, double.MaxValue);
        Assert.InRange(calls["posted"], 1, double.MaxValue);
        Assert.Single(durations, static reading =>
            (reading.Tag("rpc.method"), reading.Tag("cudarpc.class")) == ("cuMemAlloc_v2", "synchronous"));
        Assert.Single(durations, static reading =>
            (reading.Tag("rpc.method"), reading.Tag("cudarpc.class")) == ("cuMemsetD8_v2", "posted"));
    }
}
