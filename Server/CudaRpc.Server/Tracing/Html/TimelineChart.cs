using CudaRpc.Tracing;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace CudaRpc.Server.Tracing;

/// <summary>
/// What each thread, the server and the device did when: a row each, in columns of time. The fuller a column's colour, the more of it was
/// in calls.
/// </summary>
internal sealed class TimelineChart
{
    private const int Columns = 320;
    private const int MostRows = 12;
    private const int RowHeight = 26;
    private const int Levels = 5;

    private readonly Trace _trace;
    private readonly long _begin;
    private readonly long _duration;

    // Time in each column by part.
    private readonly List<(string Name, double[,] Times)> _rows = [];

    private TimelineChart(Trace trace) => (_trace, _begin, _duration) = (trace, trace.Calls[0].Begin, Math.Max(1, trace.Duration));

    /// <param name="trace">A trace with calls.</param>
    /// <param name="report">Its report.</param>
    public static string Draw(Trace trace, TraceReport report)
    {
        var chart = new TimelineChart(trace);
        chart.AddThreads(report);
        // Where the driver waits for the device, the server has nothing to do.
        IEnumerable<TraceCall> served = trace.Calls.Where(static call => call.Class != TraceClass.Blocking);
        chart.AddBusy("server", 3, BusyTime.Of(served.Select(static call => (call.ServerBegin, call.ServerEnd))));
        chart.AddBusy("device", 4, BusyTime.Of(trace.Calls.Select(static call => (call.DeviceBegin, call.DeviceEnd))));
        return chart.Draw();
    }

    private void AddThreads(TraceReport report)
    {
        // Threads of the report are those of the trace that made calls, in its order.
        int[] threads = [.. _trace.Calls.Select(static call => call.Thread).Distinct().Order()];
        Dictionary<int, double[,]> rows = [];
        IEnumerable<(int Thread, ThreadFigures Figures)> most = threads.Zip(report.Threads)
            .OrderByDescending(static pair => pair.Second.Split.Total).Take(MostRows).OrderBy(static pair => pair.First);
        foreach ((int thread, ThreadFigures figures) in most)
        {
            rows.Add(thread, new double[Columns, Palette.Parts.Count]);
            _rows.Add((Readable.Thread(figures.Name, figures.Id), rows[thread]));
        }

        var splitter = new TimeSplitter(_trace);
        foreach (TraceCall call in _trace.Calls)
        {
            if (rows.TryGetValue(call.Thread, out double[,]? times))
            {
                Lay(times, call.Begin, splitter.Of(call));
            }
        }
    }

    // A call's parts in the order they happen, more or less.
    private void Lay(double[,] times, long begin, in TimeSplit split)
    {
        long there = split.Network / 2;
        (int Part, long Time)[] parts =
            [(0, split.Client), (2, split.Queue), (1, there), (3, split.Driver), (4, split.Device), (1, split.Network - there)];
        foreach ((int part, long time) in parts)
        {
            Add(times, part, begin, begin + time);
            begin += time;
        }
    }

    private void AddBusy(string name, int part, BusyTime busy)
    {
        if (busy.Total == 0)
        {
            return;
        }

        var times = new double[Columns, Palette.Parts.Count];
        foreach ((long begin, long end) in busy.Intervals)
        {
            Add(times, part, begin, end);
        }

        _rows.Add((name, times));
    }

    private void Add(double[,] times, int part, long begin, long end)
    {
        double from = Math.Clamp((begin - _begin) / (double)_duration, 0, 1) * Columns;
        double to = Math.Clamp((end - _begin) / (double)_duration, 0, 1) * Columns;
        for (int column = (int)from; column < to && column < Columns; column++)
        {
            times[column, part] += Math.Min(to, column + 1) - Math.Max(from, column);
        }
    }

    private string Draw()
    {
        (string unit, double nanoseconds) = Chart.Unit(_duration);
        double columnWidth = _duration / nanoseconds / Columns;
        PlotModel model = Chart.Model(_rows.Max(static row => Readable.Short(row.Name).Length));
        LinearAxis time = Chart.Linear(AxisPosition.Bottom, unit);
        time.Maximum = _duration / nanoseconds;
        model.Axes.Add(time);
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Left,
            Minimum = -0.6,
            Maximum = _rows.Count - 0.4,
            StartPosition = 1,
            EndPosition = 0,
            MajorStep = 1,
            MinorStep = 1,
            TickStyle = TickStyle.None,
            LabelFormatter = row => row >= 0 && row < _rows.Count && row % 1 == 0 ? Readable.Short(_rows[(int)row].Name) : "",
        });
        var bars = new RectangleBarSeries { StrokeThickness = 0 };
        model.Series.Add(bars);
        for (int row = 0; row < _rows.Count; row++)
        {
            AddRow(bars, row, columnWidth);
        }

        return Chart.Draw(model, 60 + (_rows.Count * RowHeight), "What each thread did when");
    }

    private void AddRow(RectangleBarSeries bars, int row, double columnWidth)
    {
        double[,] times = _rows[row].Times;
        for (int column = 0; column < Columns;)
        {
            (int part, int level) = Look(times, column);
            int end = column + 1;
            while (end < Columns && Look(times, end) == (part, level))
            {
                end++;
            }

            if (level > 0)
            {
                bars.Items.Add(new RectangleBarItem(column * columnWidth, row - 0.4, end * columnWidth, row + 0.4)
                {
                    Color = OxyColor.FromAColor((byte)(255 * level / Levels), Palette.Parts[part]),
                });
            }

            column = end;
        }
    }

    // The largest part of a column, and how full all of them make it.
    private static (int Part, int Level) Look(double[,] times, int column)
    {
        (int largest, double sum) = (0, 0);
        for (int part = 0; part < times.GetLength(1); part++)
        {
            sum += times[column, part];
            largest = times[column, part] > times[column, largest] ? part : largest;
        }

        int level = (int)Math.Ceiling(Math.Min(1, sum) * Levels);
        return level == 0 ? (0, 0) : (largest, level);
    }
}
