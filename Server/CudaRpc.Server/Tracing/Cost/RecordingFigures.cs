using System.Globalization;
using System.Text.Json.Serialization;
using CudaRpc.Server.Commands.Bench;

namespace CudaRpc.Server.Tracing.Cost;

/// <summary>Steps of a launch-bound program without and with recording; the properties are the JSON's.</summary>
/// <param name="Client">Whose the program's driver is: .NET's or the shim's.</param>
/// <param name="Calls">Of a step.</param>
/// <param name="Without">The steps, nanoseconds.</param>
/// <param name="With">The recorded ones.</param>
/// <param name="Percent">By how much the median recorded step of a turn is longer than the median other one; the median of all
/// turns.</param>
/// <param name="Low">The lower quarter of the turns ends here.</param>
/// <param name="High">The upper quarter begins here.</param>
internal sealed record RecordingFigures(string Client, int Calls, Timing Without, Timing With, double Percent, double Low, double High)
{
    /// <summary>One line.</summary>
    public string ToText() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Client,-5} {Calls} calls a step: median {Us(Without.Median)} without, {Us(With.Median)} with; "
        + $"fastest {Us(Without.Min)} and {Us(With.Min)}; "
        + $"{Percent:+0.0;-0.0} % in a turn's median (half of the turns {Low:+0.0;-0.0} to {High:+0.0;-0.0} %)");

    private static string Us(long nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:F1} us");
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<RecordingFigures>))]
internal sealed partial class CostJson : JsonSerializerContext;
