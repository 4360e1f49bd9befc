using CudaRpc.Simulator.Tests.Driver;
using static CudaRpc.Driver.CUstreamCaptureMode;

namespace CudaRpc.Simulator.Tests.Timing;

public sealed unsafe class GraphTimeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Launch_TakesTheLongestWayThroughTheGraph(bool executes)
    {
        using var timed = new TimedBench(executes);
        CUstream first = timed.Stream(), second = timed.Stream();
        CUgraphExec instance = Diamond(timed, first, second);
        CUevent start = timed.Record(first);

        Bench.Must(timed.Driver.cuGraphLaunch(instance, first));

        Assert.Equal(TimedBench.Launch + 100 + 1000 + 200, timed.Between(start, timed.Record(first)));
    }

    [Fact]
    public void Launches_OfOneInstance_FollowEachOther()
    {
        using var timed = new TimedBench(executes: false);
        CUstream first = timed.Stream(), second = timed.Stream();
        CUgraphExec instance = Diamond(timed, first, second);
        CUevent start = timed.Record(first);

        Bench.Must(timed.Driver.cuGraphLaunch(instance, first));
        Bench.Must(timed.Driver.cuGraphLaunch(instance, second));

        Assert.Equal(TimedBench.Launch + 2 * (100 + 1000 + 200), timed.Between(start, timed.Record(second)));
    }

    [Fact]
    public void HostNode_IsCalledWhenTheDeviceComesToIt()
    {
        using var timed = new TimedBench(executes: false);
        CUstream stream = timed.Stream();
        long seen = -1;
        Bench.Must(timed.Driver.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
        timed.Work(stream, 1000);
        timed.Bench.Call(stream, () => seen = timed.Clock.Now);
        CUgraph graph;
        Bench.Must(timed.Driver.cuStreamEndCapture(stream, &graph));

        Bench.Must(timed.Driver.cuGraphLaunch(GraphTests.Instantiate(timed.Bench, graph), stream));
        Bench.Must(timed.Driver.cuStreamSynchronize(stream));

        Assert.Equal(TimedBench.Launch + 1000, seen);
    }

    [Fact]
    public void CapturedEvent_HasTheTimeOfItsPlaceInTheGraph()
    {
        using var timed = new TimedBench(executes: false);
        CUstream stream = timed.Stream();
        CUevent start = timed.Record(stream), inside = timed.Bench.NewEvent();
        Bench.Must(timed.Driver.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
        timed.Work(stream, 1000);
        Bench.Must(timed.Driver.cuEventRecordWithFlags(inside, stream, (uint)CUevent_record_flags.CU_EVENT_RECORD_EXTERNAL));
        timed.Work(stream, 1000);
        CUgraph graph;
        Bench.Must(timed.Driver.cuStreamEndCapture(stream, &graph));

        Bench.Must(timed.Driver.cuGraphLaunch(GraphTests.Instantiate(timed.Bench, graph), stream));

        Assert.Equal(TimedBench.Launch + 1000, timed.Between(start, inside));
    }

    // 100, then 1000 beside 500, then 200.
    private static CUgraphExec Diamond(TimedBench timed, CUstream first, CUstream second)
    {
        CUevent fork = timed.Bench.NewEvent(), join = timed.Bench.NewEvent();
        Bench.Must(timed.Driver.cuStreamBeginCapture_v2(first, CU_STREAM_CAPTURE_MODE_GLOBAL));
        timed.Work(first, 100);
        Bench.Must(timed.Driver.cuEventRecord(fork, first));
        Bench.Must(timed.Driver.cuStreamWaitEvent(second, fork, 0));
        timed.Work(first, 1000);
        timed.Work(second, 500);
        Bench.Must(timed.Driver.cuEventRecord(join, second));
        Bench.Must(timed.Driver.cuStreamWaitEvent(first, join, 0));
        timed.Work(first, 200);
        CUgraph graph;
        Bench.Must(timed.Driver.cuStreamEndCapture(first, &graph));
        return GraphTests.Instantiate(timed.Bench, graph);
    }
}
