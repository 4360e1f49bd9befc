using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace CudaRpc.Server.Tracing;

/// <summary>Time by function, and what it was spent on.</summary>
internal static class FunctionChart
{
    private const int MostRows = 15;
    private const int RowHeight = 24;

    public static string Draw(TraceReport report)
    {
        FunctionFigures[] functions = [.. report.Functions.Take(MostRows)];
        (string unit, double nanoseconds) = Chart.Unit(functions[0].Times.Total);
        string[] names = [.. functions.Select(static figures =>
            $"{Readable.Short(Readable.Clean(figures.Function))}, {Readable.Class(figures.Class)}")];
        PlotModel model = Chart.Model(names.Max(static name => name.Length));
        model.Axes.Add(Chart.Linear(AxisPosition.Bottom, unit));
        model.Axes.Add(new CategoryAxis
        {
            Position = AxisPosition.Left,
            StartPosition = 1,
            EndPosition = 0,
            GapWidth = 0.4,
            TickStyle = TickStyle.None,
            ItemsSource = names,
        });
        for (int part = 0; part < TimeSplit.Names.Count; part++)
        {
            var bars = new BarSeries { IsStacked = true, StrokeThickness = 0, FillColor = Palette.Parts[part] };
            bars.Items.AddRange(functions.Select((figures, row) => new BarItem(figures.Split.Parts()[part] / nanoseconds, row)));
            model.Series.Add(bars);
        }

        return Chart.Draw(model, 60 + (functions.Length * RowHeight), "Time by function, and what it was spent on");
    }
}
