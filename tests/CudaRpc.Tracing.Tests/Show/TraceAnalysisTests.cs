using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

public sealed class TraceAnalysisTests
{
    [Fact]
    public void Run_TwoThreads_AddsUpCallsBytesAndTimes()
    {
        var builder = new TraceBuilder((7, 70, "main"), (8, 80, ""));
        builder.Launch().Asks("cuMemAlloc_v2", result: 2);
        builder.Call("cuCtxSynchronize", TraceClass.Blocking, 4_000, thread: 1, pause: 100);
        builder.Call("cuCtxGetCurrent", TraceClass.Local, 50, thread: 1, pause: 6_000, with: static call => call with { BytesSaved = 9 });

        RunFigures run = TraceAnalysis.Of(builder.Build()).Run;

        Assert.Equal((2, 2, 4, 1, 2), (run.Processes, run.Threads, run.Calls, run.Failed, run.RoundTrips));
        Assert.Equal((300, 80, 9), (run.BytesOut, run.BytesIn, run.BytesSaved));
        Assert.Equal(22_400, run.Duration);
        Assert.Equal(21_500 + 10_050, run.ThreadTime);
        Assert.Equal(7_000, run.Own);
        Assert.Equal(run.ThreadTime, run.Own + run.Split.Total);
        Assert.Null(run.DeviceBusy);
    }

    [Fact]
    public void Functions_AnsweredInTwoWays_AreTwoRows()
    {
        TraceBuilder builder = new TraceBuilder().Call("cuMemcpyHtoD_v2", TraceClass.Posted, 300);
        foreach (long takes in (long[])[10_000, 50_000, 20_000])
        {
            builder.Call("cuMemcpyHtoD_v2", TraceClass.Synchronous, takes);
        }

        IReadOnlyList<FunctionFigures> functions = TraceAnalysis.Of(builder.Build()).Functions;

        Assert.Equal([TraceClass.Synchronous, TraceClass.Posted], functions.Select(static figures => figures.Class));
        Assert.Equal(new Durations(3, 80_000, 20_000, 20_000, 50_000), functions[0].Times);
    }

    [Fact]
    public void Split_TimesOfServerAndDevice_TellsWhatWasWaitedFor()
    {
        TraceBuilder builder = new TraceBuilder()
            .Call("cuLaunchKernel", TraceClass.Posted, 500, pause: 0, with: static call =>
                call with { ServerBegin = 5_000, ServerEnd = 12_000, DeviceBegin = 12_000, DeviceEnd = 40_000 })
            .Call("cuCtxSynchronize", TraceClass.Blocking, 49_500, pause: 0, with: static call =>
                call with { ServerBegin = 15_000, ServerEnd = 45_000 });

        TraceReport report = TraceAnalysis.Of(builder.Build());

        // 500 to 15000, of which the server made the launch for 7000; 15000 to 45000, of which the device worked for 25000; 45000 to 50000.
        Assert.Equal(new TimeSplit(0, 7_500 + 5_000, 7_000, 5_000, 25_000), report.Stalls[0].Split);
        Assert.Equal("device", report.Stalls[0].WaitedFor);
        Assert.Equal(28_000, report.Run.DeviceBusy);
    }

    [Fact]
    public void Split_BlockingCallWithoutDeviceTimes_WaitedForTheDeviceInTheServer()
    {
        TraceBuilder builder = new TraceBuilder()
            .Call("cuCtxSynchronize", TraceClass.Blocking, 50_000, pause: 0, with: static call =>
                call with { ServerBegin = 10_000, ServerEnd = 45_000 });

        Assert.Equal(new TimeSplit(0, 15_000, 0, 0, 35_000), Assert.Single(TraceAnalysis.Of(builder.Build()).Stalls).Split);
    }

    [Fact]
    public void Split_NoTimesOfTheServer_TakesTheRoundTripForTheNetwork()
    {
        TraceReport report = TraceAnalysis.Of(new TraceBuilder().Asks("cuMemAlloc_v2").Waits("cuCtxSynchronize").Build());

        Assert.Equal(new TimeSplit(0, 10_000, 0, 10_000, 0),
            report.Functions.Single(static figures => figures.Function == "cuMemAlloc_v2").Split);
        Assert.Equal(new TimeSplit(0, 10_000, 0, 0, 20_000),
            report.Functions.Single(static figures => figures.Function == "cuCtxSynchronize").Split);
    }

    [Fact]
    public void Split_ServerTimesOutsideOfTheCall_StayWithinIt()
    {
        TraceBuilder builder = new TraceBuilder()
            .Call("cuMemAlloc_v2", TraceClass.Synchronous, 1_000, pause: 5_000, with: static call =>
                call with { ServerBegin = 1, ServerEnd = 900_000 });

        Assert.Equal(new TimeSplit(0, 0, 0, 1_000, 0), Assert.Single(TraceAnalysis.Of(builder.Build()).Stalls).Split);
    }

    [Theory]
    [InlineData("cuMemcpyHtoD_v2", TraceClass.Synchronous, 1_000_000, 40_000, 0, 0)]
    [InlineData("cuMemcpyDtoH_v2", TraceClass.Blocking, 1_000_000, 40_000, 0, 0)]
    [InlineData("cuMemcpyDtoH_v2", TraceClass.Blocking, 1_000, 10_000, 0, 30_000)]
    [InlineData("cuModuleLoadDataEx", TraceClass.Synchronous, 1_000_000, 10_000, 30_000, 0)]
    public void Split_LargeCopy_IsUnderWayWhileTheDriverHasIt(string function, TraceClass answered, long bytes, long network, long driver,
        long device)
    {
        TraceBuilder builder = new TraceBuilder().Call(function, answered, 40_000, pause: 0, with: call =>
            call with { BytesOut = bytes, ServerBegin = 5_000, ServerEnd = 35_000 });

        Assert.Equal(new TimeSplit(0, network, 0, driver, device), TraceAnalysis.Of(builder.Build()).Run.Split);
    }

    [Theory]
    [InlineData(TraceClass.Local, 50_000, 0)]
    [InlineData(TraceClass.Posted, 50_000, 0)]
    [InlineData(TraceClass.Synchronous, 50_000, 0)]
    [InlineData(TraceClass.Blocking, 0, 50_000)]
    public void Split_NothingRemoted_IsTheDriversAndTheDevices(TraceClass answered, long driver, long device)
    {
        var builder = new TraceBuilder { Header = new TraceBuilder().Header with { Server = "native:", RoundTrip = 0 } };
        builder.Call("cuMemcpyHtoD_v2", answered, 50_000, with: static call => call with { BytesOut = 1_000_000 });

        Assert.Equal(new TimeSplit(0, 0, 0, driver, device), TraceAnalysis.Of(builder.Build()).Run.Split);
    }

    [Theory]
    [InlineData(300, 100, TraceMarks.None, 300, 0)]
    [InlineData(50_000, 100, TraceMarks.None, 50_000, 0)]
    [InlineData(50_000, 100, TraceMarks.Woke, 50_000, 0)]
    [InlineData(50_000, 100, TraceMarks.Waited, 0, 50_000)]
    [InlineData(50_000, 1_000_000, TraceMarks.None, 0, 50_000)]
    public void Split_PostedCall_WaitsForTheNetworkOnlyWhereThatIsRecorded(long takes, long bytes, TraceMarks marks, long client,
        long network)
    {
        TraceBuilder builder = new TraceBuilder().Call(
            "cuMemcpyHtoDAsync_v2", TraceClass.Posted, takes, with: call => call with { BytesOut = bytes, Marks = marks });

        Assert.Equal(new TimeSplit(client, network, 0, 0, 0), TraceAnalysis.Of(builder.Build()).Run.Split);
    }

    [Fact]
    public void Stalls_MoreThanAskedFor_AreTheLongest()
    {
        var builder = new TraceBuilder();
        foreach (long takes in (long[])[10, 90, 30, 70, 50, 90])
        {
            builder.Call("cuMemAlloc_v2", TraceClass.Synchronous, takes * 1_000);
        }

        IReadOnlyList<Stall> stalls = TraceAnalysis.Of(builder.Build(), top: 3).Stalls;

        Assert.Equal([90_000, 90_000, 70_000], stalls.Select(static stall => stall.Time));
        Assert.True(stalls[0].Begin < stalls[1].Begin);
        Assert.Equal("main (70)", stalls[0].Thread);
    }

    [Fact]
    public void Stalls_CallsAnsweredByTheClient_AreNone() =>
        Assert.Empty(TraceAnalysis.Of(new TraceBuilder().Call("cuDeviceGetName", TraceClass.Local, 1_000_000).Build()).Stalls);

    [Fact]
    public void Analysis_NoCalls_IsAllZero()
    {
        TraceReport report = TraceAnalysis.Of(new TraceBuilder().Build());

        Assert.Equal((0, 0, 0), (report.Run.Duration, report.Run.Calls, report.Run.ThreadTime));
        Assert.Empty(report.Functions);
        Assert.Empty(report.Threads);
    }
}
