using CudaRpc.Tracing;
using Xunit;

namespace CudaRpc.Model.Tests;

public sealed class ProgramModelTests
{
    // Microseconds; what the model rounds is nanoseconds.
    private const double Tolerance = 0.1;

    [Theory]
    [InlineData(0, 110)]
    [InlineData(100, 210)]
    [InlineData(1000, 1110)]
    public void Time_PostedCallsAndOneWait_GrowByOneRoundTrip(double rtt, double expected)
    {
        // 100 launches of 1 us think and 0.1 us cost each, then the wait.
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int call = 0; call < 100; call++)
        {
            program.Post(thread, think: call == 0 ? 0 : 1);
        }

        program.Synchronize(thread, think: 1);

        Near(expected, Exact.Time(program, rtt), Tolerance);
    }

    [Fact]
    public void Time_CallsThatWait_GrowByARoundTripEach()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int call = 0; call < 10; call++)
        {
            program.Wait(thread, think: 5);
        }

        Near(45 + (10 * 200), Exact.Time(program, 200), Tolerance);
    }

    [Fact]
    public void Time_CallOfSeveralRoundTrips_GrowsByEach()
    {
        var program = new TraceMaker();
        program.Wait(program.Thread(), roundTrips: 3, cost: 30);

        Near(300, Exact.Time(program, 100), Tolerance);
    }

    [Theory]
    [InlineData(500, 500 + 10 + 300)]
    [InlineData(10, 10 + 100)]
    public void Time_FirstCallOfAThread_ConnectsWhereItDidSo(double cost, double expected)
    {
        // Connecting took what the call took beyond its round trip; then two more round trips come with it.
        var program = new TraceMaker();
        program.Wait(program.Thread(), cost: cost);
        ModelCosts costs = Exact.Costs with { ConnectTrips = 2, RoundTrip = 10_000 };

        double time = ProgramModel.Of(program.Make(), costs).Time(Exact.Network(100)) / 1e3;

        Near(expected, time, cost > 100 ? 10 : Tolerance);
    }

    [Fact]
    public void Time_BytesToTheServer_TakeTheBandwidth()
    {
        // 1 MB at 1 Gbit/s is 8 ms.
        var program = new TraceMaker();
        program.Wait(program.Thread(), function: "cuMemcpyHtoD_v2", bytesOut: 1_000_000, blocking: true);

        Near(8000 + 100 + 0.32, Exact.Time(program, 100, 1), 1);
    }

    [Theory]
    [InlineData(TraceMarks.Woke, 250)]
    [InlineData(TraceMarks.None, 160)]
    public void Time_PostsApart_PayForWakingTheSenderWhereTheyDidSo(TraceMarks marks, double expected)
    {
        // Ten launches, 15 us apart, of which the first has woken the sender, for 10 us each.
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Wait(thread, cost: 0).Post(thread, think: 15, cost: 0, marks: TraceMarks.Woke);
        for (int launch = 1; launch < 10; launch++)
        {
            program.Post(thread, think: 15, cost: 0, marks: marks);
        }

        var model = ProgramModel.Of(program.Make(), Exact.Costs with { PostWake = 10_000 });

        Near(expected, model.FreeTime / 1e3, 15);
    }

    [Fact]
    public void Time_PostedCopy_TakesTheBandwidthAndNotWhatItTookWhenRecordedAsWell()
    {
        // 10 MB: recorded in 1 ms, 2 ms at 40 Gbit/s.
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Wait(thread).Post(thread, function: "cuMemcpyHtoDAsync_v2", cost: 1000, bytes: 10_000_000).Synchronize(thread);

        Near(2000, Exact.Time(program, 0, 40), 5);
    }

    [Fact]
    public void Time_BytesFromTheServer_TakeTheBandwidth()
    {
        var program = new TraceMaker();
        program.Wait(program.Thread(), function: "cuMemcpyDtoH_v2", bytesIn: 1_000_000, blocking: true);

        Near(8000 + 100 + 0.32, Exact.Time(program, 100, 1), 1);
    }

    [Fact]
    public void Time_SmallCallBehindPostedCopies_WaitsForThemOnTheLink()
    {
        // 10 copies of 50 kB at 1 Gbit/s are 4 ms, and the wait is behind them.
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int copy = 0; copy < 10; copy++)
        {
            program.Post(thread, function: "cuMemcpyHtoDAsync_v2", bytes: 50_000);
        }

        program.Synchronize(thread);

        Near(4000, Exact.Time(program, 0, 1), 2);
    }

    [Fact]
    public void Time_MorePostedThanTheQueueTakes_HoldsTheProgramBack()
    {
        // 100 copies of 50 kB are 40 ms of link, and nobody waits in the end: what is queued and on the link for a millisecond is still to go.
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int copy = 0; copy < 100; copy++)
        {
            program.Post(thread, function: "cuMemcpyHtoDAsync_v2", bytes: 50_000);
        }

        double time = Exact.Time(program, 0, 1);

        Assert.InRange(time, 40_000 - 1000 - ((1 << 20) * 8 / 1000.0) - 400, 40_000 - 1000);
    }

    [Fact]
    public void Time_ServerThatIsBehind_HoldsTheProgramBackWhenSocketsAreFull()
    {
        // 10000 calls of 1 kB that take the server 10 us each: the program is ahead by the 5 MiB that fit, and no more.
        var program = new TraceMaker();
        int thread = program.Thread();
        for (int call = 0; call < 10_000; call++)
        {
            program.Post(thread, bytes: 1000, device: 0);
        }

        Trace trace = program.Make();
        trace = trace with { Calls = [.. trace.Calls.Select(call => call with { ServerEnd = call.ServerBegin + 10_000 })] };
        double time = ProgramModel.Of(trace, Exact.Costs).Time(Exact.Network(0, 1000)) / 1e3;

        Assert.InRange(time, 100_000 - (5 << 20) / 1000.0 * 10 - 1500, 100_000 - (5 << 20) / 1000.0 * 10 + 1500);
    }

    [Fact]
    public void Time_DeviceWork_IsWaitedFor()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Post(thread, device: 500).Post(thread, device: 300).Synchronize(thread, cost: 810);

        Near(0.2 + 800, Exact.Time(program, 0), 1);
        Near(100 + 0.2 + 800, Exact.Time(program, 100), 1);
    }

    [Fact]
    public void Time_DeviceWorkWithoutTimes_IsInferredFromTheWait()
    {
        // The wait's reply left the server at 1000: the two launches before have kept the device busy until then.
        var program = new TraceMaker { RoundTrip = 10 };
        int thread = program.Thread();
        program.Post(thread).Post(thread).Wait(thread, function: "cuCtxSynchronize", cost: 1004.8, server: 994.8, blocking: true);

        Near(1000, Exact.Time(program, 0), 6);
        Near(1100, Exact.Time(program, 100), 6);
    }

    [Fact]
    public void Time_TwoStreams_Overlap()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Post(thread, stream: 1, device: 500).Post(thread, stream: 2, device: 500).Synchronize(thread, 510, function: "cuCtxSynchronize");

        Near(500, Exact.Time(program), 1);
    }

    [Fact]
    public void Time_EventBetweenStreams_PutsThemInOrder()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Post(thread, stream: 1, device: 500)
            .Post(thread, function: "cuEventRecord", stream: 1, @event: 1)
            .Post(thread, function: "cuStreamWaitEvent", stream: 2, @event: 1)
            .Post(thread, stream: 2, device: 500)
            .Synchronize(thread, 1010, stream: 2);

        Near(1000, Exact.Time(program), 1);
    }

    [Fact]
    public void Time_EventSynchronize_WaitsForWhatCameBeforeTheEventOnly()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Post(thread, stream: 1, device: 500)
            .Post(thread, function: "cuEventRecord", stream: 1, @event: 1)
            .Post(thread, stream: 1, device: 900)
            .Synchronize(thread, 510, function: "cuEventSynchronize", @event: 1);

        Near(500, Exact.Time(program), 1);
    }

    [Fact]
    public void Time_DefaultStream_ComesAfterTheOthers()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Post(thread, stream: 1, device: 500).Post(thread, stream: 0, device: 100).Post(thread, stream: 2, device: 100).Synchronize(thread, 700, stream: 2);

        Near(700, Exact.Time(program), 1);
    }

    [Fact]
    public void Time_Polls_AreMadeAsOftenAsTheDeviceNeeds()
    {
        // Every 20 us of thinking and a round trip of 100 one poll; the device needs 1000 us from 50 on: the tenth gets there at 50 + 9 * 120.
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Post(thread, device: 1000, stream: 1);
        for (int poll = 0; poll < 34; poll++)
        {
            program.Wait(thread, think: poll == 0 ? 0 : 20, function: "cuStreamQuery", stream: 1, marks: TraceMarks.Poll, result: poll == 33 ? 0 : 600);
        }

        Near(50 + (9 * 120) + 50 + 0.1, Exact.Time(program, 100), 1);
        Assert.InRange(Exact.Time(program, 0), 1000, 1021);
    }

    [Fact]
    public void Time_ForkAndJoin_IsThatOfTheSlowestThread()
    {
        // The main thread prepares, two threads make 10 and 20 round trips, the main thread goes on after both.
        var program = new TraceMaker();
        int main = program.Thread();
        program.Wait(main);
        int first = program.Thread(at: program.Now(main) + 30), second = program.Thread(at: program.Now(main) + 30);
        for (int call = 0; call < 20; call++)
        {
            program.Wait(second);
            if (call < 10)
            {
                program.Wait(first);
            }
        }

        program.Local(main, think: program.Now(second) - program.Now(main) + 5, cost: 0);

        Near(100 + 30 + (20 * 100) + 5, Exact.Time(program, 100), 1);
    }

    [Fact]
    public void Time_TwoSessions_ShareTheLink()
    {
        var program = new TraceMaker();
        foreach (int process in (int[])[1, 2])
        {
            int thread = program.Thread(process);
            program.Wait(thread, function: "cuMemcpyHtoD_v2", bytesOut: 10_000_000, blocking: true);
        }

        // 20 MB at 1 Gbit/s.
        Near(160_000, Exact.Time(program, 0, 1), 1500);
    }

    [Fact]
    public void Time_SmallCallBesideABulkCopy_WaitsForItsTurnOnly()
    {
        // 100 MB of another session are 800 ms of link; the small call is not behind them.
        var program = new TraceMaker();
        program.Wait(program.Thread(1), function: "cuMemcpyHtoD_v2", bytesOut: 100_000_000, blocking: true);
        int small = program.Thread(2, at: 100);
        program.Wait(small).Wait(small, think: 1_000_000);

        Assert.InRange(Exact.Time(program, 0, 1), 1_000_100, 1_004_000);
    }

    [Theory]
    [InlineData(Techniques.None, 100)]
    [InlineData(Techniques.Posting, 400)]
    [InlineData(Techniques.Minted, 200)]
    [InlineData(Techniques.Local, 200)]
    [InlineData(Techniques.Local | Techniques.Minted, 300)]
    [InlineData(Techniques.Dedup, 8100)]
    public void Time_WithoutATechnique_PaysForIt(Techniques without, double expected)
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Local(thread, cost: 0).Post(thread, cost: 0).Post(thread, function: "cuStreamCreate", cost: 0, marks: TraceMarks.Minted).Post(thread, cost: 0)
            .Wait(thread, function: "cuModuleLoadData", marks: TraceMarks.Deduplicated, saved: 1_000_000, bytesOut: 0, bytesIn: 0);

        Near(expected, Exact.Time(program, 100, 1, without), 5);
    }

    [Fact]
    public void Predict_AddedTime_IsTheSumOfItsCauses()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Wait(thread).Wait(thread, function: "cuMemcpyHtoD_v2", bytesOut: 1_000_000, blocking: true)
            .Wait(thread, function: "cuMemcpyDtoH_v2", bytesIn: 2_000_000, blocking: true);

        Prediction prediction = ProgramModel.Of(program.Make(), Exact.Costs).Predict(Exact.Network(100, 1));

        Assert.Equal(prediction.Time - prediction.Free, prediction.Latency + prediction.BytesOut + prediction.BytesIn);
        Near(300_000, prediction.Latency, 100);
        Near(8_000_000, prediction.BytesOut, 2000);
        Near(16_000_000, prediction.BytesIn, 2000);
        Assert.Equal("bytes in", prediction.Critical);
        Near(prediction.Latency, prediction.Calls.Sum(call => call.Time), 10);
    }

    [Fact]
    public void Formula_SynchronousCallsAndBytes_AddUp()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Wait(thread, bytesOut: 500_000, bytesIn: 500_000).Wait(thread, bytesOut: 0, bytesIn: 0);

        Near(20 + 200 + 8000, ClosedFormula.Time(program.Make(), Exact.Network(100, 1)) / 1e3, Tolerance);
    }

    [Fact]
    public void Of_TraceWithoutCalls_SaysSo()
    {
        var failure = Assert.Throws<FormatException>(() => ProgramModel.Of(new TraceMaker().Make(), Exact.Costs));

        Assert.Contains("no calls", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_DamagedTrace_SaysWhichCall()
    {
        var program = new TraceMaker();
        program.Wait(program.Thread());
        Trace trace = program.Make();
        trace = trace with { Calls = [trace.Calls[0] with { Thread = 7 }] };

        var failure = Assert.Throws<FormatException>(() => ProgramModel.Of(trace, Exact.Costs));

        Assert.Contains("call 0", failure.Message, StringComparison.Ordinal);
    }

    private static void Near(double expected, double actual, double tolerance) => Assert.InRange(actual, expected - tolerance, expected + tolerance);
}
