using CudaRpc.Transport;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Tests.Transport;

public sealed class NetworkConditionsTests
{
    [Theory]
    [InlineData("rtt=20us&bandwidth=10Gbps", 20, 1.25e9, 0)]
    [InlineData("bandwidth=800Mbps", 0, 1e8, 0)]
    [InlineData("jitter=0.5ms&rtt=1.5ms", 1500, double.PositiveInfinity, 500)]
    [InlineData("rtt=0us", 0, double.PositiveInfinity, 0)]
    [InlineData("flow=5Gbps", 0, double.PositiveInfinity, 0)]
    [InlineData("rtt=0.1us&bandwidth=8kbps", 0.1, 1000, 0)]
    [InlineData("rtt=10s&bandwidth=1000000Gbps", 1e7, 1.25e14, 0)]
    public void Parse_OfAnyOrder_ReadsUnits(string query, double rtt, double bytesPerSecond, double jitter)
    {
        NetworkConditions conditions = NetworkConditions.Parse(query);

        Assert.Equal((rtt, bytesPerSecond, jitter), (conditions.Rtt.TotalMicroseconds, conditions.BytesPerSecond, conditions.Jitter.TotalMicroseconds));
        Assert.Equal(conditions, NetworkConditions.Parse(conditions.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rtt")]
    [InlineData("rtt=20")]
    [InlineData("rtt=-1us")]
    [InlineData("rtt=1e3us")]
    [InlineData("rtt=11s")]
    [InlineData("rtt=1us&rtt=2us")]
    [InlineData("bandwidth=10")]
    [InlineData("bandwidth=0Gbps")]
    [InlineData("bandwidth=10GBps")]
    [InlineData("bandwidth=1000001Gbps")]
    [InlineData("flow=0Gbps")]
    [InlineData("flow=1Gbps&flow=1Gbps")]
    [InlineData("streams=0")]
    [InlineData("streams=9")]
    [InlineData("streams=2&streams=3")]
    [InlineData("loss=1%")]
    public void Parse_OfAnythingElse_SaysWhatItTakes(string query)
    {
        FormatException failure = Assert.Throws<FormatException>(() => ServerUrl.Parse($"tcp://host?{query}"));

        Assert.Contains(query.Split('&')[^1], failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfAnUnknownOption_NamesAll()
    {
        FormatException failure = Assert.Throws<FormatException>(() => ServerUrl.Parse("tcp://host?stream=4"));

        Assert.All(
            ["rtt=", "bandwidth=", "jitter=", "flow=", "streams="], name => Assert.Contains(name, failure.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("tcp://host:1?rtt=20us&bandwidth=10000Mbps")]
    [InlineData("unix:///run/cudarpc.sock?rtt=1000us&jitter=10us")]
    [InlineData("unix:///run/cudarpc.sock?streams=8")]
    [InlineData("tcp://host:1?streams=4&bandwidth=10000Mbps&flow=5000Mbps")]
    public void Url_WithANetwork_ReadsBack(string text) => Assert.Equal(text, ServerUrl.Parse(text).ToString());

    [Fact]
    public void Url_OfSharedMemory_HasNoStreams() => Assert.Throws<FormatException>(() => ServerUrl.Parse("shm:///run/memory.sock?streams=2"));

    [Theory]
    [InlineData("sim:?streams=2")]
    [InlineData("sim:?rtt=1us")]
    [InlineData("native:?rtt=1us")]
    public void Url_InThisProcess_HasNoNetwork(string text) => Assert.Throws<FormatException>(() => ServerUrl.Parse(text));
}
