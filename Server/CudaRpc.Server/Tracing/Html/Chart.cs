using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;

namespace CudaRpc.Server.Tracing;

/// <summary>What the report's charts have in common.</summary>
internal static class Chart
{
    public const int Width = 900;

    // Of letters 12 high, in a wide font.
    private const double LetterWidth = 7.2;

    private static readonly OxyColor s_grid = OxyColor.Parse("#e8ebef");
    private static readonly OxyColor s_text = OxyColor.Parse("#3d4654");

    /// <param name="left">Characters of the longest label at the left: the exporter does not know how wide a viewer's letters are.</param>
    public static PlotModel Model(int left) => new()
    {
        DefaultFont = "sans-serif",
        DefaultFontSize = 12,
        TextColor = s_text,
        PlotAreaBorderThickness = new OxyThickness(0),
        PlotMargins = new OxyThickness(8 + (left * LetterWidth), 6, 14, 40),
        Padding = new OxyThickness(0),
    };

    /// <summary>An axis with light lines across the chart.</summary>
    public static LinearAxis Linear(AxisPosition position, string title = "") => new()
    {
        Position = position,
        Title = title,
        Minimum = 0,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = s_grid,
        TickStyle = TickStyle.None,
        StringFormat = "#,0.###",
    };

    public static LogarithmicAxis Logarithmic(AxisPosition position) => new()
    {
        Position = position,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = s_grid,
        TickStyle = TickStyle.None,
    };

    /// <summary>The unit in which so many nanoseconds have few digits.</summary>
    public static (string Name, double Nanoseconds) Unit(long time) => time switch
    {
        < 10_000 => ("ns", 1),
        < 10_000_000 => ("us", 1e3),
        < 10_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };

    /// <summary>The chart as an element of a page, which it fills in width.</summary>
    /// <param name="model">What to draw.</param>
    /// <param name="height">In units of which <see cref="Width"/> are its width.</param>
    /// <param name="label">What it shows, for those who do not see it.</param>
    public static string Draw(PlotModel model, int height, string label)
    {
        model.Culture = CultureInfo.InvariantCulture;
        string text = new SvgExporter { Width = Width, Height = height, IsDocument = false }.ExportToString(model);
        // The exporter declares a document of its own even where it is told not to, with a fixed size.
        string content = text[(text.IndexOf('>', text.IndexOf("<svg", StringComparison.Ordinal)) + 1)..];
        // Its names are unique in a document, of which a page has several.
        string prefix = label.Replace(" ", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal);
        content = content.Replace("clipPath id=\"", $"clipPath id=\"{prefix}", StringComparison.Ordinal)
            .Replace("url(#", $"url(#{prefix}", StringComparison.Ordinal);
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{label}\">{content}";
    }
}
