using System.Text.Json;
using CudaRpc.Server.Tracing;
using CudaRpc.Tracing;

namespace CudaRpc.Tracing.Tests.Show;

public sealed class ExportTests
{
    private static readonly Trace s_trace = new TraceBuilder((7, 70, "main"), (7, 71, ""))
        .Call("cuLaunchKernel", TraceClass.Posted, 500, pause: 1_234, with: static call =>
            call with { Stream = 2, ServerBegin = 5_000, ServerEnd = 12_000, DeviceBegin = 12_000, DeviceEnd = 40_000 })
        .Call("cuLaunchKernel", TraceClass.Posted, 500, with: static call =>
            call with { Stream = 2, ServerBegin = 6_000, ServerEnd = 13_000, DeviceBegin = 20_000, DeviceEnd = 30_000 })
        .Call("cuCtxSynchronize", TraceClass.Blocking, 50_000, with: static call => call with { ServerBegin = 15_000, ServerEnd = 45_000 })
        .Call("cuStreamQuery", TraceClass.Synchronous, 700, thread: 1, pause: 60_000, with: static call =>
            call with { Result = 600, Marks = TraceMarks.Poll | TraceMarks.Carried })
        .Build();

    [Fact]
    public void Csv_AllCalls_HasALineEachAsTheHeaderSays()
    {
        string[] lines = Csv(s_trace).TrimEnd('\n').Split('\n');

        Assert.Equal(CsvExport.Header, lines[0]);
        Assert.Equal("0,7,70,main,cuLaunchKernel,posted,1234,1734,0,0,100,0,0,2,0,,5000,12000,12000,40000", lines[1]);
        Assert.Equal("3,7,71,,cuStreamQuery,synchronous,60000,60700,600,1,100,40,0,0,0,carried|poll,,,,", lines[4]);
        Assert.All(lines, static line => Assert.Equal(CsvExport.Header.Split(',').Length, line.Split(',').Length));
    }

    [Theory]
    [InlineData("a,\"b\"", "\"a,\"\"b\"\"\"")]
    [InlineData("=HYPERLINK(1)", "'=HYPERLINK(1)")]
    [InlineData("a\nb\u202E", "a\uFFFDb\uFFFD")]
    public void Csv_HostileName_StaysOneCell(string name, string cell)
    {
        string line = Csv(new TraceBuilder((1, 2, name)).Launch().Build()).Split('\n')[1];

        Assert.StartsWith($"0,1,2,{cell},cuLaunchKernel,", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Chrome_AllCalls_AreSlicesOfTheirThreads()
    {
        JsonElement[] slices =
            [.. Chrome(s_trace).Where(static item => Text(item, "ph") == "X" && item.GetProperty("pid").GetInt32() == 7)];

        Assert.Equal(["cuLaunchKernel", "cuLaunchKernel", "cuCtxSynchronize", "cuStreamQuery"],
            slices.Select(static item => Text(item, "name")));
        Assert.Equal([70, 70, 70, 71], slices.Select(static item => item.GetProperty("tid").GetInt32()));
        Assert.Equal((1.234m, 0.5m), (slices[0].GetProperty("ts").GetDecimal(), slices[0].GetProperty("dur").GetDecimal()));
        Assert.Equal("posted", Text(slices[0], "cat"));
    }

    [Fact]
    public void Chrome_ServerAndDevice_HaveTracksOfTheirOwnWithoutOverlap()
    {
        JsonElement[] items = Chrome(s_trace);
        foreach (string where in (string[])["server", "device"])
        {
            JsonElement[] slices = [.. items.Where(item => Text(item, "ph") == "X" && Text(item, "cat") == where)];
            Assert.Equal(where == "server" ? 3 : 2, slices.Length);
            Assert.All(slices.GroupBy(static item => item.GetProperty("tid").GetInt32()), static track =>
                Assert.All(track.Zip(track.Skip(1)), static pair =>
                    Assert.True(End(pair.First) <= pair.Second.GetProperty("ts").GetDecimal())));
        }

        string[] names = [.. items.Where(static item => Text(item, "ph") == "M")
            .Select(static item => Text(item.GetProperty("args"), "name"))];
        Assert.Equal(
            ["program", "server of 7", "device of 7", "main (70)", "71", "for main (70)", "for main (70) (2)", "stream 2", "stream 2 (2)"],
            names);
    }

    [Fact]
    public void Chrome_PostedCall_HasArrowsToServerAndDevice()
    {
        JsonElement[] arrows =
            [.. Chrome(s_trace).Where(static item => item.TryGetProperty("id", out JsonElement id) && id.GetInt32() == 0)];

        Assert.Equal(["s", "t", "f"], arrows.Select(static item => Text(item, "ph")));
        Assert.Equal([1.234m, 5m, 12m], arrows.Select(static item => item.GetProperty("ts").GetDecimal()));
    }

    [Fact]
    public void Chrome_Counters_AddUpToTheBytes()
    {
        JsonElement[] counters =
            [.. Chrome(s_trace).Where(static item => Text(item, "ph") == "C").Select(static item => item.GetProperty("args"))];

        Assert.Equal(400, counters.Sum(static item => item.GetProperty("to the server").GetInt64()));
        Assert.Equal(80, counters.Sum(static item => item.GetProperty("from the server").GetInt64()));
    }

    [Fact]
    public void Chrome_HostileNames_AreText()
    {
        var builder = new TraceBuilder((1, 2, "\"},{\u0000</script>")) { Header = new TraceBuilder().Header with { Command = [] } };

        JsonElement[] items = Chrome(builder.Call("cu\"x\ud800", TraceClass.Local).Build());

        Assert.Contains(items, static item => Text(item, "name") == "cu\"x\uFFFD");
        Assert.Contains(items, static item => Text(item, "name") == "thread_name"
            && Text(item.GetProperty("args"), "name") == "\"},{\uFFFD</script> (2)");
    }

    [Fact]
    public void Exports_NoCalls_AreValidAndEmpty()
    {
        Trace trace = new TraceBuilder().Build();

        Assert.Equal(CsvExport.Header + "\n", Csv(trace));
        Assert.DoesNotContain(Chrome(trace), static item => Text(item, "ph") is "X" or "C");
    }

    private static string Csv(Trace trace)
    {
        using var text = new StringWriter();
        CsvExport.Write(text, trace);
        return text.ToString();
    }

    private static JsonElement[] Chrome(Trace trace)
    {
        using var stream = new MemoryStream();
        ChromeExport.Write(stream, trace);
        return [.. JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("traceEvents").EnumerateArray()];
    }

    private static decimal End(JsonElement slice) => slice.GetProperty("ts").GetDecimal() + slice.GetProperty("dur").GetDecimal();

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;
}
