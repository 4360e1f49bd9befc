using OxyPlot;

namespace CudaRpc.Server.Tracing;

/// <summary>
/// Colours of the report's page: the same thing has the same one in every chart. They differ in lightness too, for print without colour.
/// </summary>
internal static class Palette
{
    /// <summary>The parts of <see cref="TimeSplit"/>.</summary>
    public static IReadOnlyList<OxyColor> Parts { get; } =
        [OxyColor.Parse("#7f8fa6"), OxyColor.Parse("#d1495b"), OxyColor.Parse("#edae49"), OxyColor.Parse("#00798c"),
            OxyColor.Parse("#30638e")];

    /// <summary>The classes, by value.</summary>
    public static IReadOnlyList<OxyColor> Classes { get; } =
        [OxyColor.Parse("#7f8fa6"), OxyColor.Parse("#3a9d5d"), OxyColor.Parse("#d1495b"), OxyColor.Parse("#30638e")];

    /// <summary>The program's own time.</summary>
    public static OxyColor Own { get; } = OxyColor.Parse("#dfe4ea");

    public static OxyColor Out { get; } = OxyColor.Parse("#d1495b");

    public static OxyColor In { get; } = OxyColor.Parse("#30638e");

    /// <summary>As CSS has it.</summary>
    public static string Css(OxyColor color) => $"#{color.R:x2}{color.G:x2}{color.B:x2}";
}
