using System.Diagnostics;
using CudaRpc.Driver;

namespace CudaRpc.Tracing.Tests;

public sealed unsafe class SpanTests
{
    private static readonly string[] s_sessions = [CudaRpc.Telemetry.Name];
    private static readonly string[] s_both = [CudaRpc.Telemetry.Name, CudaRpc.Telemetry.Calls];

    [Fact]
    public void Session_OpenedAndDisposed_IsOneSpanWithItsCounts()
    {
        using var server = new ListenedServer(s_sessions);
        CallStatistics statistics;
        using (CudaSession session = server.Connect())
        {
            using CudaContext context = session.Devices[0].CreateContext();
            using DeviceMemory<int> memory = context.Allocate([1, 2, 3]);
            statistics = session.Statistics;
            Assert.Empty(server.Spans(CudaRpc.Telemetry.Name));
        }

        Activity span = Assert.Single(server.Spans(CudaRpc.Telemetry.Name));
        Assert.Equal("cudarpc.session", span.OperationName);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal(("cudarpc", "cudarpc", "unix"),
            (span.GetTagItem("rpc.system"), span.GetTagItem("rpc.system.name"), span.GetTagItem("network.transport")));
        Assert.InRange((long)span.GetTagItem("cudarpc.calls.synchronous")!, Math.Max(1, statistics.Synchronous), long.MaxValue);
        Assert.InRange((long)span.GetTagItem("cudarpc.bytes.sent")!, Math.Max(1, statistics.BytesSent), long.MaxValue);
    }

    [Fact]
    public void Session_WhileOpen_IsNotTheProgramsCurrentSpan()
    {
        using var server = new ListenedServer(s_sessions);
        using Activity own = new Activity("the program's").Start();

        using (server.Connect())
        {
            Assert.Same(own, Activity.Current);
        }

        Assert.Same(own, Activity.Current);
        Assert.Equal(own.SpanId, Assert.Single(server.Spans(CudaRpc.Telemetry.Name)).ParentSpanId);
    }

    [Fact]
    public void Session_Lost_IsAnError()
    {
        using var server = new ListenedServer(s_sessions);
        using (CudaSession session = server.Connect())
        {
            server.Server.Dispose();
            nuint free, total;
            Assert.NotEqual(CUresult.CUDA_SUCCESS, session.Driver.cuMemGetInfo_v2(&free, &total));
        }

        Activity span = Assert.Single(server.Spans(CudaRpc.Telemetry.Name));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.NotNull(span.GetTagItem("error.type"));
    }

    [Fact]
    public void Session_AtTheServer_IsASpanOfItsOwn()
    {
        using var server = new ListenedServer(s_sessions);
        server.Connect().Dispose();
        SpinWait.SpinUntil(() => server.ServerSpans().Length > 0, TimeSpan.FromSeconds(20));

        Activity span = Assert.Single(server.ServerSpans());
        Assert.Equal("cudarpc.session", span.OperationName);
        Assert.NotNull(span.GetTagItem("client.address"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public void Session_AtTheServer_IsLinkedToTheClients()
    {
        using var server = new ListenedServer(s_sessions);
        server.Connect().Dispose();
        SpinWait.SpinUntil(() => server.ServerSpans().Length > 0, TimeSpan.FromSeconds(20));

        Activity client = Assert.Single(server.Spans(CudaRpc.Telemetry.Name));
        ActivityContext link = Assert.Single(Assert.Single(server.ServerSpans()).Links).Context;
        Assert.Equal((client.TraceId, client.SpanId, true), (link.TraceId, link.SpanId, link.IsRemote));
    }

    [Fact]
    public void Calls_NobodyListensToThem_AreNoSpans()
    {
        using var server = new ListenedServer(s_sessions);
        Allocate(server);

        Assert.Empty(server.Spans(CudaRpc.Telemetry.Calls));
    }

    [Fact]
    public void Calls_SynchronousAndPosted_AreSpansBelowTheSession()
    {
        using var server = new ListenedServer(s_both);
        Allocate(server);

        Activity session = Assert.Single(server.Spans(CudaRpc.Telemetry.Name));
        Activity[] calls = server.Spans(CudaRpc.Telemetry.Calls);
        Activity allocation = Assert.Single(calls, static span => span.OperationName == "cuMemAlloc_v2");
        Activity fill = Assert.Single(calls, static span => span.OperationName == "cuMemsetD8_v2");
        Assert.Equal(("cuMemAlloc_v2", "synchronous"), (allocation.GetTagItem("rpc.method"), allocation.GetTagItem("cudarpc.class")));
        Assert.Equal(("cuMemsetD8_v2", "posted"), (fill.GetTagItem("rpc.method"), fill.GetTagItem("cudarpc.class")));
        Assert.All(calls, span => Assert.Equal((session.TraceId, session.SpanId), (span.TraceId, span.ParentSpanId)));
    }

    [Fact]
    public void Calls_WithinTheProgramsSpan_AreItsChildren()
    {
        using var server = new ListenedServer(s_both);
        using Activity own = new Activity("the program's").Start();
        Allocate(server);

        Assert.All(server.Spans(CudaRpc.Telemetry.Calls), span => Assert.Equal(own.SpanId, span.ParentSpanId));
        Assert.Same(own, Activity.Current);
    }

    [Fact]
    public void Calls_ThatFail_SayHow()
    {
        using var server = new ListenedServer(s_both);
        using (CudaSession session = server.Connect())
        {
            using CudaContext context = session.Devices[0].CreateContext();
            context.Synchronize();
            CUdeviceptr pointer;
            Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, session.Driver.cuMemAlloc_v2(&pointer, nuint.MaxValue / 4));
        }

        Activity failed = Assert.Single(server.Spans(CudaRpc.Telemetry.Calls), static span => span.OperationName == "cuMemAlloc_v2");
        Assert.Equal(ActivityStatusCode.Error, failed.Status);
        Assert.Equal("CUDA_ERROR_OUT_OF_MEMORY", failed.GetTagItem("error.type"));
        Assert.Equal("CUDA_ERROR_OUT_OF_MEMORY", failed.GetTagItem("rpc.response.status_code"));
    }

    private static void Allocate(ListenedServer server)
    {
        using CudaSession session = server.Connect();
        using CudaContext context = session.Devices[0].CreateContext();
        context.Synchronize();
        CUdeviceptr pointer;
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemAlloc_v2(&pointer, 1 << 10));
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuMemsetD8_v2(pointer, 7, 1 << 10));
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Driver.cuCtxSynchronize());
    }
}
