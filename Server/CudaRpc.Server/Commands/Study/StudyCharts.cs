using CudaRpc.Model;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace CudaRpc.Server.Commands.Study;

/// <summary>The study's plots, as SVG.</summary>
internal static class StudyCharts
{
    private const int Width = 900, Height = 480, Points = 40;
    private const double Slowest = 0.1, Fastest = 400, ShortestRtt = 0.1;

    // Gbit/s, evenly on a logarithmic axis.
    private static readonly double[] s_rates = [.. Enumerable.Range(0, Points).Select(static i => Slowest * Math.Pow(Fastest / Slowest, i / (Points - 1.0)))];

    private static readonly OxyColor[] s_colours = [OxyColors.SteelBlue, OxyColors.DarkOrange, OxyColors.SeaGreen, OxyColors.Crimson, OxyColors.SlateGray, OxyColors.Orchid];
    private static readonly (double Overhead, LineStyle Style)[] s_overheads = [(0.01, LineStyle.Dot), (0.05, LineStyle.Solid), (0.10, LineStyle.Dash)];

    /// <summary>For each bandwidth the longest round trip: a line for each program and overhead.</summary>
    public static string Frontiers(string title, IReadOnlyList<StudyProgram> programs)
    {
        PlotModel plot = Plot($"{title}: the longest round trip for 5 % (solid), 1 % (dotted) and 10 % (dashed)");
        foreach ((int index, StudyProgram program) in programs.Index())
        {
            foreach ((double overhead, LineStyle style) in s_overheads)
            {
                LineSeries line = Line(program, overhead);
                (line.LineStyle, line.Color) = (style, s_colours[index % s_colours.Length]);
                line.Title = style is LineStyle.Solid ? program.Name.Replace("-inference", "", StringComparison.Ordinal).Replace("-training", "", StringComparison.Ordinal).Replace("prefetching", "pre", StringComparison.Ordinal) : null;
                plot.Series.Add(line);
            }
        }

        string text = new SvgExporter { Width = Width, Height = Height, IsDocument = false, UseVerticalTextAlignmentWorkaround = true }.ExportToString(plot);
        // The exporter declares a document of its own even where it is told not to.
        return text[text.IndexOf("<svg", StringComparison.Ordinal)..];
    }

    private static LineSeries Line(StudyProgram program, double overhead)
    {
        var line = new LineSeries();
        foreach (FrontierPoint point in Frontier.Find(program.Model, overhead, s_rates.Select(static rate => rate * 1e9 / 8)).Points)
        {
            double rtt = point.LongestRtt?.TotalMicroseconds ?? 0;
            line.Points.Add(rtt >= ShortestRtt ? new DataPoint(point.BytesPerSecond * 8 / 1e9, rtt) : DataPoint.Undefined);
        }

        return line;
    }

    private static PlotModel Plot(string title)
    {
        var plot = new PlotModel { Title = title, TitleFontSize = 13, Background = OxyColors.White };
        plot.Axes.Add(new LogarithmicAxis
        {
            Position = AxisPosition.Bottom, Title = "bandwidth, Gbit/s", Minimum = Slowest, Maximum = Fastest, MajorGridlineStyle = LineStyle.Dot,
        });
        plot.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Left, Title = "round trip, us", Minimum = ShortestRtt, MajorGridlineStyle = LineStyle.Dot });
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop, LegendPlacement = LegendPlacement.Outside, LegendMargin = 16, LegendSymbolLength = 24 });
        return plot;
    }
}
