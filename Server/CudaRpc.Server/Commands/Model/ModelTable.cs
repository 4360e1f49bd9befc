using System.Globalization;
using CudaRpc.Model;
using Spectre.Console;

namespace CudaRpc.Server.Commands.Model;

/// <summary>A model's report for people.</summary>
internal static class ModelTable
{
    private const int MostCalls = 5;

    // Where there is no terminal, lines are as long as they are.
    private const int Wide = 200;

    public static void Write(ModelReport report)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        console.Profile.Width = Console.IsOutputRedirected ? Wide : console.Profile.Width;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{report.Program}[/], {report.Calls} calls, recorded {Time(report.Recorded)}, free network {Time(report.Free)}");
        if (report.Without != "None")
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"without {report.Without.ToLowerInvariant()}");
        }

        if (report.Network is NetworkPrediction network)
        {
            Network(console, network);
        }

        if (report.Sweep is IReadOnlyList<SweepPoint> sweep)
        {
            Sweep(console, sweep);
        }

        if (report.Require is FrontierReport frontier)
        {
            Frontier(console, frontier);
        }
    }

    /// <summary>A time as people read it.</summary>
    public static string Time(long nanoseconds) => nanoseconds switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:F3} s"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:F2} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:F1} us"),
    };

    private static void Network(IAnsiConsole console, NetworkPrediction network)
    {
        Prediction prediction = network.Prediction;
        string bandwidth = network.BandwidthGbps is double rate ? string.Create(CultureInfo.InvariantCulture, $"{rate} Gbit/s") : "endless bandwidth";
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{network.RttUs} us, {bandwidth}: [bold]{Time(prediction.Time)}[/], {Percent(prediction.Slowdown)} over a free network, {Percent(prediction.SlowdownToRecorded)} over the recorded run");
        Table table = new() { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn(new TableColumn("").NoWrap()).AddColumn(new TableColumn("").NoWrap().RightAligned());
        table.AddRow("latency", Time(prediction.Latency));
        foreach (CallLatency call in prediction.Calls.Where(call => call.Time > 0).Take(MostCalls))
        {
            table.AddRow($"  {Markup.Escape(call.Function)}, {call.RoundTrips} round trips", Time(call.Time));
        }

        table.AddRow("bytes out", Time(prediction.BytesOut));
        table.AddRow("bytes in", Time(prediction.BytesIn));
        table.AddRow("critical", prediction.Critical);
        table.AddRow("closed formula", Time(prediction.Formula));
        console.Write(table);
    }

    private static void Sweep(IAnsiConsole console, IReadOnlyList<SweepPoint> sweep)
    {
        double[] rates = [.. sweep.Select(point => point.BandwidthGbps).Distinct()];
        Table table = new() { Border = TableBorder.None };
        table.AddColumn(new TableColumn("[bold]round trip[/]").NoWrap());
        foreach (double rate in rates)
        {
            table.AddColumn(new TableColumn(string.Create(CultureInfo.InvariantCulture, $"[bold]{rate} Gbit/s[/]")).NoWrap().RightAligned());
        }

        foreach (IGrouping<double, SweepPoint> row in sweep.GroupBy(point => point.RttUs))
        {
            table.AddRow([string.Create(CultureInfo.InvariantCulture, $"{row.Key} us"), .. row.Select(point => Percent(point.Slowdown))]);
        }

        console.Write(table);
    }

    private static void Frontier(IAnsiConsole console, FrontierReport frontier)
    {
        string most = Percent(frontier.Most);
        if (!frontier.IsMet)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"no network keeps the program within {most}: {frontier.Binding}");
            return;
        }

        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"within {most} of a free network:");
        Table table = new() { Border = TableBorder.None };
        table.AddColumn(new TableColumn("[bold]bandwidth[/]").NoWrap().RightAligned());
        table.AddColumn(new TableColumn("[bold]longest round trip[/]").NoWrap().RightAligned());
        table.AddColumn(new TableColumn("[bold]bound by[/]"));
        foreach (FrontierRow row in frontier.Rows)
        {
            string longest = row.LongestRttUs is double rtt ? rtt >= 1e7 ? "any" : string.Create(CultureInfo.InvariantCulture, $"{rtt:F1} us") : "none";
            table.AddRow(string.Create(CultureInfo.InvariantCulture, $"{row.BandwidthGbps} Gbit/s"), longest, Markup.Escape(row.Binding));
        }

        string least = frontier.LeastBandwidthGbps is double rate ? string.Create(CultureInfo.InvariantCulture, $"{rate:G3} Gbit/s") : "none";
        table.AddRow(least, "0 us", Markup.Escape(frontier.Binding));
        console.Write(table);
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1} %");
}
