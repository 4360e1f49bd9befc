using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CudaRpc.Model;
using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Server.Commands.Model;

/// <summary>What <c>cudarpc model</c> says; its properties are the JSON's. Times in nanoseconds, slowdowns as 0.05 for 5 %.</summary>
/// <param name="Program">What was traced.</param>
/// <param name="Calls">How many it made.</param>
/// <param name="Without">Techniques that are left out.</param>
/// <param name="Recorded">What the recorded run took.</param>
/// <param name="Free">What it takes over a network without round trips and with endless bandwidth.</param>
/// <param name="Network">One network.</param>
/// <param name="Sweep">A grid of networks.</param>
/// <param name="Require">The worst that are good enough.</param>
internal sealed record ModelReport(
    string Program, int Calls, string Without, long Recorded, long Free, NetworkPrediction? Network, IReadOnlyList<SweepPoint>? Sweep, FrontierReport? Require)
{
    /// <summary>One JSON object.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, ModelReportJson.Default.ModelReport));
}

/// <summary>A prediction and its network.</summary>
internal sealed record NetworkPrediction(double RttUs, double? BandwidthGbps, double JitterUs, Prediction Prediction)
{
    public static NetworkPrediction Of(ProgramModel model, NetworkConditions network) =>
        new(network.Rtt.TotalMicroseconds, Gigabits(network.BytesPerSecond), network.Jitter.TotalMicroseconds, model.Predict(network));

    /// <summary>Null for endless bandwidth, which JSON cannot say.</summary>
    public static double? Gigabits(double bytesPerSecond) => double.IsInfinity(bytesPerSecond) ? null : bytesPerSecond * 8 / 1e9;
}

/// <summary>One network of a grid.</summary>
/// <param name="RttUs">Its round trip.</param>
/// <param name="BandwidthGbps">Its bandwidth.</param>
/// <param name="Time">What the program takes.</param>
/// <param name="Slowdown">Against a free network.</param>
/// <param name="Formula">What the closed formula says.</param>
internal sealed record SweepPoint(double RttUs, double BandwidthGbps, long Time, double Slowdown, long Formula)
{
    public static IEnumerable<SweepPoint> All(ProgramModel model, Trace trace, TimeSpan[] rtts, double[] rates)
    {
        foreach (TimeSpan rtt in rtts)
        {
            foreach (double rate in rates)
            {
                var network = new NetworkConditions(rtt, rate, TimeSpan.Zero);
                long time = model.Time(network);
                yield return new SweepPoint(
                    rtt.TotalMicroseconds, rate * 8 / 1e9, time, ((double)time / Math.Max(1, model.FreeTime)) - 1, ClosedFormula.Time(trace, network));
            }
        }
    }

    public static void WriteCsv(TextWriter output, IEnumerable<SweepPoint> points)
    {
        output.WriteLine("rtt_us,bandwidth_gbps,time_ns,slowdown,formula_ns");
        foreach (SweepPoint point in points)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{point.RttUs},{point.BandwidthGbps},{point.Time},{point.Slowdown:F6},{point.Formula}"));
        }
    }
}

/// <summary>A <see cref="Frontier"/> in the units of people who buy networks.</summary>
internal sealed record FrontierReport(double Most, bool IsMet, IReadOnlyList<FrontierRow> Rows, double? LeastBandwidthGbps, string Binding)
{
    public static FrontierReport Of(Frontier frontier) => new(
        frontier.Most, frontier.IsMet, [.. frontier.Points.Select(point => new FrontierRow(point.BytesPerSecond * 8 / 1e9, point.LongestRtt?.TotalMicroseconds, point.Binding))],
        NetworkPrediction.Gigabits(frontier.LeastBandwidth), frontier.Binding);
}

/// <summary>The longest round trip at one bandwidth; null where none is short enough.</summary>
internal sealed record FrontierRow(double BandwidthGbps, double? LongestRttUs, string Binding);

[JsonSerializable(typeof(ModelReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ModelReportJson : JsonSerializerContext;
