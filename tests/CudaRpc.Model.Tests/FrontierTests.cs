using Xunit;

namespace CudaRpc.Model.Tests;

public sealed class FrontierTests
{
    [Fact]
    public void Find_CallsThatWait_NamesTheRoundTripTheyAllow()
    {
        // 10 ms of thinking and 10 round trips: 5 % are 500 us, 50 us for each.
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Local(thread, cost: 0);
        for (int call = 0; call < 10; call++)
        {
            program.Wait(thread, think: 1000, bytesOut: 0, bytesIn: 0);
        }

        Frontier frontier = Find(program, 0.05, 1);

        FrontierPoint point = Assert.Single(frontier.Points);
        Assert.InRange(point.LongestRtt!.Value.TotalMicroseconds, 49.5, 50.5);
        Assert.Equal("latency of cuMemAlloc_v2 (10 round trips)", point.Binding);
    }

    [Fact]
    public void Find_BytesToTheServer_NamesTheBandwidthTheyNeed()
    {
        // 10 ms of thinking and 1 MB out: 10 % are 1 ms, for which it takes 8 Gbit/s.
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Local(thread, cost: 0).Wait(thread, think: 10_000, function: "cuMemcpyHtoD_v2", bytesOut: 1_000_000, bytesIn: 0);

        Frontier frontier = Find(program, 0.1, 1, 100);

        Assert.InRange(frontier.LeastBandwidth * 8 / 1e9, 7.9, 8.1);
        Assert.Equal("bytes out", frontier.Binding);
        Assert.Null(frontier.Points[0].LongestRtt);
        Assert.Equal("bytes out", frontier.Points[0].Binding);
        Assert.InRange(frontier.Points[1].LongestRtt!.Value.TotalMicroseconds, 900, 930);
    }

    [Fact]
    public void Find_ProgramThatWaitsForNothing_TakesAnyNetwork()
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Local(thread).Local(thread, think: 100);

        Frontier frontier = Find(program, 0.01, 1);

        Assert.Equal(TimeSpan.FromSeconds(10), frontier.Points[0].LongestRtt);
        Assert.True(frontier.IsMet);
    }

    [Fact]
    public void Find_BandwidthThatIsTooLow_HasNoRoundTrip()
    {
        // 1 MB in a program that takes no time is too much for 10 Mbit/s.
        var program = new TraceMaker();
        program.Wait(program.Thread(), cost: 0.01, bytesOut: 1_000_000);

        Frontier frontier = Find(program, 0.0001, 0.01);

        Assert.Null(Assert.Single(frontier.Points).LongestRtt);
    }

    [Fact]
    public void Longest_LongerRoundTripsThatAreGoodEnoughAgain_DoNotCount()
    {
        // Not from 20 us on, but again from 25 to 300.
        (long good, long bad) = Frontier.Longest(static ticks => ticks < 200 || ticks is > 250 and < 3000);

        Assert.InRange(good, 198, 199);
        Assert.InRange(bad, 200, 201);
    }

    private static Frontier Find(TraceMaker program, double most, params double[] gigabits) =>
        Frontier.Find(ProgramModel.Of(program.Make(), Exact.Costs), most, gigabits.Select(rate => rate * 1e9 / 8));
}
