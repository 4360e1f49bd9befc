using CudaRpc.Server.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

public sealed class BusyTimeTests
{
    private static readonly BusyTime s_busy = BusyTime.Of([(50, 60), (10, 20), (15, 30), (30, 35), (70, 70), (90, 80), (-1, 5)]);

    [Fact]
    public void Intervals_OverlappingAndTouching_AreOne() => Assert.Equal([(10, 35), (50, 60)], s_busy.Intervals);

    [Theory]
    [InlineData(0, 100, 35)]
    [InlineData(0, 10, 0)]
    [InlineData(0, 11, 1)]
    [InlineData(12, 14, 2)]
    [InlineData(20, 55, 20)]
    [InlineData(36, 49, 0)]
    [InlineData(60, 200, 0)]
    [InlineData(40, 20, 0)]
    public void Within_AnyInterval_IsWhatOverlaps(long begin, long end, long within) => Assert.Equal(within, s_busy.Within(begin, end));
}
