using System.Text.Json;

namespace CudaRpc.Tracing.Tests.Show;

/// <summary>
/// What the Trace Event Format asks of a file, for the phases that we write: the fields of each, slices that nest, arrows from slice to
/// slice that lead forward in time.
/// </summary>
internal static class ChromeRules
{
    private static readonly string[] s_metadata =
        ["process_name", "thread_name", "process_sort_index", "thread_sort_index", "process_labels"];

    /// <summary>Asserts that all of them are kept; returns the events.</summary>
    public static JsonElement[] Check(JsonElement file)
    {
        Assert.Equal(JsonValueKind.Object, file.ValueKind);
        Assert.Contains(file.GetProperty("displayTimeUnit").GetString(), (string[])["ms", "ns"]);
        JsonElement[] events = [.. file.GetProperty("traceEvents").EnumerateArray()];
        Assert.All(events, CheckFields);
        foreach (var track in Of(events, "X").GroupBy(static slice => Track(slice)))
        {
            CheckNesting([.. track]);
        }

        foreach (var counter in Of(events, "C").GroupBy(static sample => (Number(sample, "pid"), Text(sample, "name"))))
        {
            decimal[] times = [.. counter.Select(static sample => Time(sample))];
            Assert.Equal(times.Order(), times);
        }

        CheckArrows(events);
        return events;
    }

    private static void CheckFields(JsonElement item)
    {
        string phase = Text(item, "ph");
        Assert.False(string.IsNullOrEmpty(Text(item, "name")));
        Assert.True(Number(item, "pid") >= 0 && Number(item, "tid") >= 0 && Time(item) >= 0, item.ToString());
        switch (phase)
        {
            case "X":
                Assert.True(item.GetProperty("dur").GetDecimal() >= 0, item.ToString());
                Assert.False(string.IsNullOrEmpty(Text(item, "cat")));
                Assert.Equal(JsonValueKind.Object, item.GetProperty("args").ValueKind);
                break;
            case "s" or "t" or "f":
                Assert.False(string.IsNullOrEmpty(Text(item, "cat")));
                Assert.True(item.TryGetProperty("id", out _), item.ToString());
                Assert.Equal(phase == "f", item.TryGetProperty("bp", out JsonElement binding) && binding.GetString() == "e");
                break;
            case "C":
                Assert.NotEmpty(item.GetProperty("args").EnumerateObject());
                Assert.All(
                    item.GetProperty("args").EnumerateObject(),
                    static series => Assert.Equal(JsonValueKind.Number, series.Value.ValueKind));
                break;
            case "M":
                Assert.Contains(Text(item, "name"), s_metadata);
                Assert.Equal(JsonValueKind.String, item.GetProperty("args").GetProperty("name").ValueKind);
                break;
            default:
                Assert.Fail($"no phase of ours: {item}");
                break;
        }
    }

    // In the file's order, which is by their beginning: each begins after its forerunner has ended, or ends no later than what it is in.
    private static void CheckNesting(JsonElement[] slices)
    {
        Stack<decimal> ends = [];
        decimal last = 0;
        foreach (JsonElement slice in slices)
        {
            Assert.True(Time(slice) >= last, $"before its forerunner: {slice}");
            last = Time(slice);
            while (ends.TryPeek(out decimal over) && over <= Time(slice))
            {
                ends.Pop();
            }

            Assert.True(!ends.TryPeek(out decimal end) || End(slice) <= end, $"half in another one: {slice}");
            ends.Push(End(slice));
        }
    }

    private static void CheckArrows(JsonElement[] events)
    {
        ILookup<(long, long), (decimal Begin, decimal End)> slices = Of(events, "X")
            .ToLookup(static slice => Track(slice), static slice => (Time(slice), End(slice)));
        Dictionary<(long, long), HashSet<decimal>> begins = slices.ToDictionary(
            static track => track.Key, static track => track.Select(static slice => slice.Begin).ToHashSet());
        foreach (var arrow in events.Where(static item => Text(item, "ph") is "s" or "t" or "f")
            .GroupBy(static item => (Text(item, "cat"), Number(item, "id"))))
        {
            JsonElement[] points = [.. arrow];
            Assert.Equal("s", Text(points[0], "ph"));
            Assert.Equal("f", Text(points[^1], "ph"));
            Assert.All(points[1..^1], static point => Assert.Equal("t", Text(point, "ph")));
            Assert.Single(points.Select(static point => Text(point, "name")).Distinct());
            Assert.All(points.Zip(points.Skip(1)), static pair => Assert.True(Time(pair.First) <= Time(pair.Second), $"backwards: {pair}"));
            // Ours begin where slices do, which binds them.
            Assert.All(points, point => Assert.True(
                begins.TryGetValue(Track(point), out HashSet<decimal>? times) && times.Contains(Time(point)), $"in no slice: {point}"));
        }
    }

    private static IEnumerable<JsonElement> Of(JsonElement[] events, string phase) => events.Where(item => Text(item, "ph") == phase);

    private static (long, long) Track(JsonElement item) => (Number(item, "pid"), Number(item, "tid"));

    private static decimal End(JsonElement slice) => Time(slice) + slice.GetProperty("dur").GetDecimal();

    private static decimal Time(JsonElement item) => item.GetProperty("ts").GetDecimal();

    private static long Number(JsonElement item, string name) => item.GetProperty(name).GetInt64();

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;
}
