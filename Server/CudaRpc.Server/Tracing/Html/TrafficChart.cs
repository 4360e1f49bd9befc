using CudaRpc.Tracing;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace CudaRpc.Server.Tracing;

/// <summary>Bytes and round trips over time. A call's bytes count where it begins (to the server) and where it ends (from it).</summary>
internal sealed class TrafficChart
{
    private const int Columns = 160;
    private const int Height = 200;
    private const int LabelWidth = 9;

    private readonly long _begin;
    private readonly long _duration;
    private readonly double[] _out = new double[Columns];
    private readonly double[] _in = new double[Columns];
    private readonly double[] _roundTrips = new double[Columns];

    /// <param name="trace">A trace with calls.</param>
    public TrafficChart(Trace trace)
    {
        (_begin, _duration) = (trace.Calls[0].Begin, Math.Max(1, trace.Duration));
        foreach (TraceCall call in trace.Calls)
        {
            _out[Column(call.Begin)] += call.BytesOut;
            _in[Column(call.End)] += call.BytesIn;
            _roundTrips[Column(call.End)] += call.RoundTrips;
        }
    }

    public string DrawBytes() => Draw(1e6, [(_out, Palette.Out), (_in, Palette.In)], "Bytes over time");

    public string DrawRoundTrips() => Draw(1, [(_roundTrips, Palette.Parts[0])], "Round trips over time");

    private int Column(long time) => (int)Math.Clamp((time - _begin) / (double)_duration * Columns, 0, Columns - 1);

    private string Draw(double scale, (double[] Counts, OxyColor Color)[] lines, string label)
    {
        (string unit, double nanoseconds) = Chart.Unit(_duration);
        PlotModel model = Chart.Model(LabelWidth);
        LinearAxis time = Chart.Linear(AxisPosition.Bottom, unit);
        time.Maximum = _duration / nanoseconds;
        model.Axes.Add(time);
        model.Axes.Add(Chart.Linear(AxisPosition.Left));
        double seconds = _duration / 1e9 / Columns;
        foreach ((double[] counts, OxyColor color) in lines)
        {
            var line = new StairStepSeries { Color = color, StrokeThickness = 1.5, VerticalStrokeThickness = 1 };
            line.Points.AddRange(counts.Select((count, column) => new DataPoint(column * time.Maximum / Columns, count / seconds / scale)));
            line.Points.Add(new DataPoint(time.Maximum, counts[^1] / seconds / scale));
            model.Series.Add(line);
        }

        return Chart.Draw(model, Height, label);
    }
}
