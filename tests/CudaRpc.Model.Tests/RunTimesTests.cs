using CudaRpc.Server.Commands.Model;
using Xunit;

namespace CudaRpc.Model.Tests;

public sealed class RunTimesTests
{
    [Fact]
    public void Total_RunsDisturbedInOtherParts_IsWithoutTheDisturbances()
    {
        var times = new RunTimes();
        times.Add([10, 50, 30]);
        times.Add([15, 20, 30]);
        times.Add([10, 20, 90]);

        Assert.Equal(10 + 20 + 30, times.Total);
        Assert.Equal(0, times.Spread);
        Assert.Equal(3, times.Count);
    }

    [Fact]
    public void Spread_PartsOfWhichOneTimeOnlyIsShort_IsWhatTheSecondShortestAreLonger()
    {
        var times = new RunTimes();
        times.Add([40, 60]);
        times.Add([60, 90]);
        times.Add([50, 70]);

        Assert.Equal(100, times.Total);
        Assert.Equal(0.2, times.Spread, precision: 9);
    }

    [Fact]
    public void Total_OneRun_IsItsOwn()
    {
        var times = new RunTimes();
        times.Add([1, 2, 3]);

        Assert.Equal(6, times.Total);
    }
}
