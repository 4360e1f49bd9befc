using CudaRpc.Simulator.Tests.Driver;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Tests.Timing;

public sealed unsafe class StreamTimeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Kernel_WithItsTimeAsParameter_TakesThat(bool executes)
    {
        using var timed = new TimedBench(executes);
        CUstream stream = timed.Stream();
        CUevent start = timed.Record(stream);

        timed.Work(stream, 7000);

        Assert.Equal(TimedBench.Launch + 7000, timed.Between(start, timed.Record(stream)));
    }

    [Fact]
    public void Kernels_InOneStream_HideTheLaunchLatency()
    {
        using var timed = new TimedBench();
        CUstream stream = timed.Stream();
        CUevent start = timed.Record(stream);

        timed.Work(stream, 1000);
        timed.Work(stream, 1000);

        Assert.Equal(TimedBench.Launch + 2000, timed.Between(start, timed.Record(stream)));
    }

    [Fact]
    public void Kernels_OfTwoStreams_OverlapWhileMultiprocessorsAreFree()
    {
        using var timed = new TimedBench(executes: false);
        CUstream one = timed.Stream(), other = timed.Stream();
        CUevent start = timed.Record(one);

        timed.Work(one, 1000, blocks: 2);
        timed.Work(other, 1000, blocks: 2);

        Assert.Equal(TimedBench.Launch + 1000, timed.Between(start, timed.Record(one)));
        Assert.Equal(TimedBench.Launch + 1000, timed.Between(start, timed.Record(other)));
    }

    [Fact]
    public void Kernels_OfTwoStreams_WaitForMultiprocessors()
    {
        using var timed = new TimedBench(executes: false);
        CUstream one = timed.Stream(), other = timed.Stream();
        CUevent start = timed.Record(one);

        timed.Work(one, 1000, blocks: 3);
        timed.Work(other, 1000, blocks: 2);

        Assert.Equal(TimedBench.Launch + 2000, timed.Between(start, timed.Record(other)));
    }

    [Fact]
    public void Copies_OfOneDirection_TakeTurns()
    {
        using var timed = new TimedBench(executes: false);
        CUstream one = timed.Stream(), other = timed.Stream();
        CUdeviceptr memory = timed.Bench.Allocate(1000);
        byte* host = timed.Bench.AllocateHost(1000);
        CUevent start = timed.Record(one);

        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, host, 1000, one));
        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, host, 1000, other));

        Assert.Equal(1010, timed.Between(start, timed.Record(one)));
        Assert.Equal(2020, timed.Between(start, timed.Record(other)));
    }

    [Fact]
    public void Copies_OfBothDirections_AndKernelsOverlap()
    {
        using var timed = new TimedBench(executes: false);
        CUstream up = timed.Stream(), down = timed.Stream(), busy = timed.Stream();
        CUdeviceptr memory = timed.Bench.Allocate(1000);
        byte* host = timed.Bench.AllocateHost(1000);
        CUevent start = timed.Record(up);

        timed.Work(busy, 5000, blocks: 4);
        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, host, 1000, up));
        Bench.Must(timed.Driver.cuMemcpyDtoHAsync_v2(host, memory, 1000, down));

        Assert.Equal(1010, timed.Between(start, timed.Record(up)));
        Assert.Equal(2010, timed.Between(start, timed.Record(down)));
    }

    [Fact]
    public void Copy_SubmittedLaterThanOneThatWaits_GoesBeforeIt()
    {
        using var timed = new TimedBench(executes: false);
        CUstream one = timed.Stream(), other = timed.Stream();
        CUdeviceptr memory = timed.Bench.Allocate(1000);
        byte* host = timed.Bench.AllocateHost(1000);
        CUevent start = timed.Record(one);

        timed.Work(one, 5000);
        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, host, 1000, one));
        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, host, 1000, other));

        Assert.Equal(1010, timed.Between(start, timed.Record(other)));
        Assert.Equal(TimedBench.Launch + 5000 + 1010, timed.Between(start, timed.Record(one)));
    }

    [Fact]
    public void Fill_TakesItsBytes()
    {
        using var timed = new TimedBench();
        CUdeviceptr memory = timed.Bench.Allocate(1000);
        CUstream stream = timed.Stream();
        CUevent start = timed.Record(stream);

        Bench.Must(timed.Driver.cuMemsetD8Async(memory, 1, 1000, stream));

        Assert.Equal(1010, timed.Between(start, timed.Record(stream)));
    }

    [Fact]
    public void Event_IsNotReadyBeforeItsTime()
    {
        using var timed = new TimedBench();
        CUstream stream = timed.Stream();
        timed.Work(stream, 1000);
        CUevent end = timed.Record(stream);

        Assert.Equal(CUDA_ERROR_NOT_READY, timed.Driver.cuEventQuery(end));
        Assert.Equal(CUDA_ERROR_NOT_READY, timed.Driver.cuStreamQuery(stream));
        timed.Clock.WaitUntil(timed.Clock.Now + TimedBench.Launch + 1000, CancellationToken.None);

        Bench.Must(timed.Driver.cuStreamSynchronize(stream));
        Assert.Equal(CUDA_SUCCESS, timed.Driver.cuEventQuery(end));
        Assert.Equal(CUDA_SUCCESS, timed.Driver.cuStreamQuery(stream));
    }

    [Fact]
    public void Synchronize_WaitsUntilTheDeviceIsDone()
    {
        using var timed = new TimedBench();
        timed.Work(default, 1000);

        Bench.Must(timed.Driver.cuCtxSynchronize());

        Assert.Equal(TimedBench.Launch + 1000, timed.Clock.Now);
    }

    [Fact]
    public void WaitEvent_HoldsTheOtherStreamBack()
    {
        using var timed = new TimedBench(executes: false);
        CUstream one = timed.Stream(), other = timed.Stream();
        CUevent start = timed.Record(one);
        timed.Work(one, 1000);
        CUevent middle = timed.Record(one);

        Bench.Must(timed.Driver.cuStreamWaitEvent(other, middle, 0));
        timed.Work(other, 500);

        Assert.Equal(TimedBench.Launch + 1500, timed.Between(start, timed.Record(other)));
    }

    [Fact]
    public void LegacyStream_ComesAfterBlockingStreams_AndTheyAfterIt()
    {
        using var timed = new TimedBench();
        CUstream blocking = timed.Bench.NewStream();
        CUevent start = timed.Record(blocking);

        timed.Work(blocking, 1000);
        timed.Work(default, 200);
        timed.Work(blocking, 30);

        Assert.Equal(TimedBench.Launch + 1230, timed.Between(start, timed.Record(blocking)));
    }

    [Fact]
    public void HostFunction_IsCalledWhenTheDeviceComesToIt()
    {
        using var timed = new TimedBench(executes: false);
        CUstream stream = timed.Stream();
        long seen = -1;

        timed.Work(stream, 1000);
        timed.Bench.Call(stream, () => seen = timed.Clock.Now);
        Bench.Must(timed.Driver.cuStreamSynchronize(stream));

        Assert.Equal(TimedBench.Launch + 1000, seen);
    }

    [Fact]
    public void PageableSource_MayBeReusedAtOnce()
    {
        using var timed = new TimedBench();
        CUstream stream = timed.Stream();
        CUdeviceptr memory = timed.Bench.Allocate(4);
        int value = 7;

        timed.Work(stream, 1000);
        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, &value, 4, stream));
        value = 8;

        Assert.Equal(0, timed.Clock.Now);
        Bench.Must(timed.Driver.cuStreamSynchronize(stream));
        Assert.Equal(7, timed.Bench.Read<int>(memory));
    }

    [Fact]
    public void Device_ThatExecutesNothing_LeavesMemoryAsItWas()
    {
        using var timed = new TimedBench(executes: false);
        CUdeviceptr memory = timed.Bench.Allocate(4);
        int value = 7, back = 9;

        Bench.Must(timed.Driver.cuMemcpyHtoD_v2(memory, &value, 4));
        Bench.Must(timed.Driver.cuMemcpyDtoH_v2(&back, memory, 4));

        Assert.Equal(9, back);
        Assert.Equal(TimedBench.Copy + 4 + TimedBench.Copy + 8, timed.Clock.Now);
    }

    [Fact]
    public void Off_EventsHaveTheMachinesClock()
    {
        using var bench = new Bench();

        Assert.Null(bench.Gpu.Devices[0].Timing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HostFunction_WhoseTimeHasNotCome_IsNotCalledByDispose(bool inGraph)
    {
        var clock = new StandingClock();
        var timed = new TimedBench(executes: false, clock: clock);
        CUstream stream = timed.Stream();
        bool called = false;

        if (inGraph)
        {
            Bench.Must(timed.Driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        }
        timed.Work(stream, 1000);
        timed.Bench.Call(stream, () => called = true);
        if (inGraph)
        {
            CUgraph graph;
            Bench.Must(timed.Driver.cuStreamEndCapture(stream, &graph));
            Bench.Must(timed.Driver.cuGraphLaunch(GraphTests.Instantiate(timed.Bench, graph), stream));
        }
        clock.Waiting.Wait();
        timed.Dispose();

        Assert.False(called);
    }

    [Fact]
    public void Dispose_DoesNotWaitForTheDevice()
    {
        var timed = new TimedBench();
        timed.Work(default, 1_000_000_000);

        timed.Dispose();

        Assert.Equal(0, timed.Clock.Now);
    }

    [Fact]
    public void Queue_OfAnotherDriver_IsInTheWayForTheHorizonOnly()
    {
        var clock = new StandingClock();
        using var timed = new TimedBench(executes: false, clock: clock);
        CUstream stream = timed.Stream();
        for (int i = 0; i < 100; i++)
        {
            timed.Work(stream, DeviceTiming.Horizon, blocks: 4);
        }
        clock.Waiting.Wait();

        DeviceTiming timing = timed.Bench.Gpu.Devices[0].Timing!;
        long end = timing.Take(timing.Kernel(blocks: 4, nanoseconds: 1000), new WorkStart(0, 0, this));

        Assert.Equal(TimedBench.Launch + DeviceTiming.Horizon + 1000, end);
    }

    [Fact]
    public void Work_OfADriverThatHasGone_IsInNobodysWay()
    {
        const int Bytes = 1 << 20;
        using var timed = new TimedBench(executes: false);
        var other = new SimulatedDriver(timed.Bench.Gpu);
        CUcontext context;
        CUdeviceptr foreign;
        void* host;
        Bench.Must(other.cuInit(0));
        Bench.Must(other.cuCtxCreate_v2(&context, 0, 0));
        Bench.Must(other.cuMemAlloc_v2(&foreign, Bytes));
        Bench.Must(other.cuMemAllocHost_v2(&host, Bytes));
        for (int i = 0; i < 50; i++)
        {
            Bench.Must(other.cuMemcpyHtoDAsync_v2(foreign, host, Bytes, default));
        }

        other.Dispose();
        CUdeviceptr memory = timed.Bench.Allocate(1000);
        CUevent start = timed.Record(default);
        Bench.Must(timed.Driver.cuMemcpyHtoDAsync_v2(memory, timed.Bench.AllocateHost(1000), 1000, default));

        Assert.Equal(TimedBench.Copy + 1000, timed.Between(start, timed.Record(default)));
    }
}
