using CudaRpc.Tracing;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace CudaRpc.Server.Tracing;

/// <summary>How many calls of each class took how long; both axes are logarithmic.</summary>
internal static class LatencyChart
{
    private const int PerDecade = 8;
    private const int Decades = 18;
    private const int Height = 260;
    private const int LabelWidth = 7;

    // Where a logarithmic axis has its nothing.
    private const double Nothing = 0.7;

    /// <param name="trace">A trace with calls.</param>
    public static string Draw(Trace trace)
    {
        var counts = new long[Palette.Classes.Count][];
        foreach (TraceCall call in trace.Calls)
        {
            long[] mine = counts[(int)call.Class] ??= new long[(Decades * PerDecade) + 1];
            mine[Math.Clamp((int)(Math.Log10(Math.Max(1, call.End - call.Begin)) * PerDecade), 0, mine.Length - 1)]++;
        }

        long[][] all = [.. counts.OfType<long[]>()];
        int first = all.Min(static mine => Array.FindIndex(mine, static count => count > 0));
        int last = all.Max(static mine => Array.FindLastIndex(mine, static count => count > 0));
        PlotModel model = Chart.Model(LabelWidth);
        LogarithmicAxis time = Chart.Logarithmic(AxisPosition.Bottom);
        (time.Minimum, time.Maximum) = (Edge(first), Edge(last + 1));
        time.LabelFormatter = static nanoseconds => Readable.Time((long)Math.Round(nanoseconds));
        model.Axes.Add(time);
        LogarithmicAxis calls = Chart.Logarithmic(AxisPosition.Left);
        calls.Minimum = Nothing;
        calls.StringFormat = "#,0";
        model.Axes.Add(calls);
        for (int answered = 0; answered < counts.Length; answered++)
        {
            if (counts[answered] is long[] mine)
            {
                var line = new StairStepSeries { Color = Palette.Classes[answered], StrokeThickness = 1.8, VerticalStrokeThickness = 1.8 };
                line.Points.AddRange(Enumerable.Range(first, last + 1 - first)
                    .Select(bin => new DataPoint(Edge(bin), Math.Max(Nothing, mine[bin]))));
                line.Points.Add(new DataPoint(Edge(last + 1), Math.Max(Nothing, mine[last])));
                model.Series.Add(line);
            }
        }

        return Chart.Draw(model, Height, "How long calls took, by class");
    }

    private static double Edge(int bin) => Math.Pow(10, (double)bin / PerDecade);
}
