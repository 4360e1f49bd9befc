using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace CudaRpc.Server.Commands.Model;

/// <summary>A grid of networks as a heat map in one SVG file: how much slower the program is, in percent.</summary>
internal static class SweepChart
{
    private const int Width = 900;
    private const int Height = 480;

    // What is a hundred times slower looks no worse than what is twice as slow.
    private const double Darkest = 100;

    public static string Draw(ModelReport report)
    {
        double[] rtts = [.. report.Sweep!.Select(point => point.RttUs).Distinct()], rates = [.. report.Sweep!.Select(point => point.BandwidthGbps).Distinct()];
        var data = new double[rtts.Length, rates.Length];
        foreach ((int index, SweepPoint point) in report.Sweep!.Index())
        {
            data[index / rates.Length, index % rates.Length] = point.Slowdown * 100;
        }

        var model = new PlotModel { Title = $"Slowdown of {report.Program}, percent", TitleFontSize = 13, Background = OxyColors.White };
        model.Axes.Add(new CategoryAxis { Position = AxisPosition.Bottom, Title = "round trip, us", ItemsSource = Names(rtts) });
        model.Axes.Add(new CategoryAxis { Position = AxisPosition.Left, Title = "Gbit/s", ItemsSource = Names(rates) });
        model.Axes.Add(new LinearColorAxis
        {
            Position = AxisPosition.Right, Minimum = 0, Maximum = Darkest, Palette = OxyPalette.Interpolate(64, OxyColors.White, OxyColors.Orange, OxyColors.DarkRed),
        });
        model.Series.Add(new HeatMapSeries
        {
            X0 = 0, X1 = rtts.Length - 1, Y0 = 0, Y1 = rates.Length - 1, Data = data, Interpolate = false, RenderMethod = HeatMapRenderMethod.Rectangles,
            LabelFontSize = 0.2, LabelFormatString = "0.0",
        });
        string text = new SvgExporter { Width = Width, Height = Height, IsDocument = false }.ExportToString(model);
        // The exporter declares a document of its own even where it is told not to.
        return text[text.IndexOf("<svg", StringComparison.Ordinal)..];
    }

    private static string[] Names(double[] values) => [.. values.Select(value => value.ToString(CultureInfo.InvariantCulture))];
}
