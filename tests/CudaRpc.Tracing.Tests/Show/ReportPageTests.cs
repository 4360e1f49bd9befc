using System.Text.RegularExpressions;
using System.Xml.Linq;
using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

public sealed class ReportPageTests
{
    [Fact]
    public void Page_Run_HasFiveChartsThatAreXml()
    {
        MatchCollection charts = Charts(Page(Busy().Build()));

        Assert.Equal(5, charts.Count);
        Assert.All(charts, static chart => Assert.NotEmpty(XElement.Parse(chart.Value).Descendants()));
    }

    [Fact]
    public void Page_Charts_HaveNamesOfTheirOwn()
    {
        string page = Page(Busy().Build());
        string[] names = [.. Regex.Matches(page, " id=\"([^\"]*)\"").Select(static match => match.Groups[1].Value)];

        Assert.NotEmpty(names);
        Assert.Equal(names.Distinct(), names);
        Assert.All(Regex.Matches(page, @"url\(#([^)]*)\)"), match => Assert.Contains(match.Groups[1].Value, names));
    }

    [Fact]
    public void Page_LoadsNothing_AndHasNoScript()
    {
        string page = Page(Busy().Build());

        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(
            @"(?i)<script|<link|<img|<iframe|<object|<embed|<!entity|\bsrc=|\bsrcset=|\bhref=|@import|url\([^#]|\son\w+=", page);
        // What looks like an address is the name of a vocabulary, which nobody fetches.
        Assert.All(
            Regex.Matches(page, @"(?i)(\S*=.?)?\bhttps?://"), static match =>
                Assert.StartsWith("xmlns", match.Value, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Page_HostileNames_AreTextEverywhere()
    {
        const string Evil = "</svg></style><script>alert(1)</script>\"'&<b>\0\ud800\u202E";
        var builder = new TraceBuilder((1, 2, Evil));
        builder.Header = builder.Header with { Command = [Evil], Server = Evil, Device = Evil };
        builder.Problems.Add(Evil);

        string page = Page(builder.Call(Evil, TraceClass.Synchronous).Launch().Build());

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>\uFFFD", page, StringComparison.Ordinal);
        Assert.DoesNotContain(page, static character => character is '\0' or '\u202E' || char.IsSurrogate(character));
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.All(Charts(page), static chart => XElement.Parse(chart.Value));
    }

    [Theory]
    [InlineData(34)]
    [InlineData(35)]
    public void Page_NameCutInsideAPair_IsStillXml(int before)
    {
        string page = Page(new TraceBuilder((1, 2, new string('a', before) + "\U0001F600\U0001F600\U0001F600")).Launch().Build());

        Assert.All(Charts(page), static chart => XElement.Parse(chart.Value));
    }

    [Fact]
    public void Page_Timeline_ShowsServerAndDevice()
    {
        string[] rows = Labels(Page(Busy().Build()), "What each thread did when");

        Assert.Contains("main (70)", rows);
        Assert.Contains("server", rows);
        Assert.Contains("device", rows);
    }

    [Fact]
    public void Page_NoTimesOfServerAndDevice_ShowsThreadsOnly()
    {
        string[] rows = Labels(Page(new TraceBuilder().Launch().Build()), "What each thread did when");

        Assert.Contains("main (70)", rows);
        Assert.DoesNotContain("server", rows);
    }

    [Fact]
    public void Page_ProblemsAndNoCalls_IsWholeAndHasNoCharts()
    {
        var builder = new TraceBuilder();
        builder.Problems.Add("cut & short");

        string page = Page(builder.Build());

        Assert.Contains("<p class=\"problem\">cut &amp; short</p>", page, StringComparison.Ordinal);
        Assert.EndsWith("</html>\n", page, StringComparison.Ordinal);
        Assert.Empty(Charts(page));
    }

    [Fact]
    public void Page_TimesFarApart_IsDrawn()
    {
        const long Far = long.MaxValue / 16;
        TraceBuilder builder = new TraceBuilder().Launch().Call("cuLaunchKernel", TraceClass.Posted, Far, pause: Far, with: static call =>
            call with { BytesOut = Far, ServerBegin = 0, ServerEnd = 2 * Far, DeviceBegin = 5, DeviceEnd = 6 });

        Assert.Equal(5, Charts(Page(builder.Build())).Count);
    }

    [Fact]
    public void Page_CallsThatTakeNoTime_IsDrawn() =>
        Assert.Equal(5, Charts(Page(new TraceBuilder().Call("cuInit", TraceClass.Local, takes: 0, pause: 0).Build())).Count);

    [Fact]
    public void Page_ManyCalls_StaysSmall()
    {
        TraceBuilder builder = TraceBuilder.Repeat(30_000, static step => step.Launch().Call("cuCtxGetCurrent", TraceClass.Local));

        Assert.InRange(Page(builder.Build()).Length, 10_000, 500_000);
    }

    private static TraceBuilder Busy() =>
        TraceBuilder.Repeat(30, static step => step.Launch().Waits("cuMemcpyDtoH_v2").Asks("cuStreamQuery", 600)
        .Call("cuLaunchKernel", TraceClass.Posted, with: static call =>
            call with { ServerBegin = call.End + 100, ServerEnd = call.End + 300, DeviceBegin = call.End + 300,
                DeviceEnd = call.End + 9_000 }));

    private static string Page(Trace trace) => ReportPage.Write(trace, TraceAnalysis.Of(trace), 10);

    private static MatchCollection Charts(string page) => Regex.Matches(page, "<svg .*?</svg>", RegexOptions.Singleline);

    private static string[] Labels(string page, string chart) =>
        [.. XElement.Parse(Charts(page).Single(match => match.Value.Contains($"aria-label=\"{chart}\"", StringComparison.Ordinal)).Value)
            .Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value.Trim())];
}
