using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>A benchmark's report as one SVG file: latencies above, bandwidths below.</summary>
internal static class BenchChart
{
    private const int Width = 800;
    private const int Height = 360;

    public static string Draw(BenchReport report)
    {
        var svg = new StringBuilder();
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{2 * Height}\">\n");
        Append(svg, Latencies(report), 0);
        Append(svg, Bandwidths(report), Height);
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static PlotModel Latencies(BenchReport report)
    {
        PlotModel model = Model("A call that waits for its reply, and a raw round trip of the same bytes");
        model.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Left, Title = "microseconds" });
        model.Axes.Add(new CategoryAxis { Position = AxisPosition.Bottom, ItemsSource = (string[])["min", "median", "90 %", "99 %", "99.9 %"] });
        foreach (ServerFigures server in report.Servers)
        {
            string scheme = server.Url.Split(':')[0];
            model.Series.Add(Line(scheme, server.Synchronous.Call));
            if (server.Synchronous.Raw is Timing raw)
            {
                model.Series.Add(Line($"{scheme}, raw", raw, dashed: true));
            }
        }

        return model;
    }

    private static PlotModel Bandwidths(BenchReport report)
    {
        PlotModel model = Model("Copies from and to pageable memory");
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Title = "GB/s", Minimum = 0 });
        model.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Bottom, Title = "bytes", Base = 2, UseSuperExponentialFormat = true });
        foreach (ServerFigures server in report.Servers)
        {
            string scheme = server.Url.Split(':')[0];
            Add($"{scheme}, to device", copy => copy.ToDevice, dashed: false);
            Add($"{scheme}, to host", copy => copy.ToHost, dashed: false);
            Add($"{scheme}, raw", copy => copy.RawToDevice, dashed: true);

            void Add(string title, Func<CopyFigures, double?> rate, bool dashed)
            {
                var line = new LineSeries { Title = title, MarkerType = MarkerType.Circle, LineStyle = dashed ? LineStyle.Dash : LineStyle.Solid };
                line.Points.AddRange(server.Copies.Where(copy => rate(copy) is not null).Select(copy => new DataPoint(copy.Size, rate(copy)!.Value / 1e9)));
                model.Series.Add(line);
            }
        }

        return model;
    }

    private static LineSeries Line(string title, Timing timing, bool dashed = false)
    {
        var line = new LineSeries { Title = title, MarkerType = MarkerType.Circle, LineStyle = dashed ? LineStyle.Dash : LineStyle.Solid };
        long[] times = [timing.Min, timing.Median, timing.P90, timing.P99, timing.P999];
        line.Points.AddRange(times.Select((time, index) => new DataPoint(index, time / 1e3)));
        return line;
    }

    private static PlotModel Model(string title)
    {
        var model = new PlotModel { Title = title, TitleFontSize = 13, Background = OxyColors.White };
        model.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop, LegendPlacement = LegendPlacement.Outside });
        return model;
    }

    private static void Append(StringBuilder svg, PlotModel model, int top)
    {
        string text = new SvgExporter { Width = Width, Height = Height, IsDocument = false }.ExportToString(model);
        // The exporter declares a document of its own even where it is told not to.
        text = text[text.IndexOf("<svg", StringComparison.Ordinal)..];
        svg.Append($"<g transform=\"translate(0 {top})\">\n{text}</g>\n");
    }
}
