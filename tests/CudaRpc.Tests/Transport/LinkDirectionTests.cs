using CudaRpc.Transport.Emulation;

namespace CudaRpc.Tests.Transport;

public sealed class LinkDirectionTests
{
    [Fact]
    public void Send_OnAnIdleLink_ArrivesAfterTheBytesAndTheDelay()
    {
        var link = new LinkDirection(ticksPerByte: 2, delay: 1000, jitter: 0, seed: 0);

        Assert.Equal(5000 + (100 * 2) + 1000, link.Send(5000, 100));
        Assert.Equal(200, link.Backlog(5000));
        Assert.Equal(0, link.Backlog(5300));
    }

    [Fact]
    public void Send_OfManyAtOnce_PaysTheDelayOnce()
    {
        var link = new LinkDirection(ticksPerByte: 2, delay: 1000, jitter: 0, seed: 0);
        long last = 0;
        for (int message = 0; message < 100; message++)
        {
            last = link.Send(0, 10);
        }

        Assert.Equal((100 * 10 * 2) + 1000, last);
    }

    [Fact]
    public void Send_AfterAPause_DoesNotUseTheTimeThatPassed()
    {
        var link = new LinkDirection(ticksPerByte: 1, delay: 10, jitter: 0, seed: 0);
        link.Send(0, 100);

        Assert.Equal(1000 + 100 + 10, link.Send(1000, 100));
    }

    [Fact]
    public void Send_WithInfiniteBandwidth_TakesTheDelayAlone()
    {
        var link = new LinkDirection(ticksPerByte: 0, delay: 10, jitter: 0, seed: 0);

        Assert.Equal(17, link.Send(7, 1 << 30));
        Assert.Equal(0, link.Backlog(7));
    }

    [Fact]
    public void Send_WithJitter_VariesWithinItAndKeepsTheOrder()
    {
        var link = new LinkDirection(ticksPerByte: 0, delay: 1000, jitter: 300, seed: 1);
        long[] arrivals = [.. Enumerable.Range(0, 200).Select(message => link.Send(message * 5000, 1) - (message * 5000))];

        Assert.All(arrivals, delay => Assert.InRange(delay, 700, 1300));
        Assert.True(arrivals.Distinct().Count() > 100);

        long[] together = [.. Enumerable.Range(0, 200).Select(_ => link.Send(2_000_000, 1))];
        Assert.Equal(together.Order(), together);
    }
}
