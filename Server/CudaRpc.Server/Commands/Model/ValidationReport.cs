using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CudaRpc.Model;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Predictions beside measurements; its properties are the JSON's. Times in nanoseconds, errors as 0.05 for 5 %.</summary>
/// <param name="Costs">What the model was told.</param>
/// <param name="Noise">By how much a run without a network, in between, takes longer than the shortest; of the workloads the one in the middle.</param>
/// <param name="Median">Of the errors, their signs left out.</param>
/// <param name="Worst">The largest.</param>
/// <param name="FormulaMedian">The closed formula's.</param>
/// <param name="FormulaWorst">The closed formula's.</param>
/// <param name="Rows">Each workload over each network.</param>
internal sealed record ValidationReport(
    ModelCosts Costs, double Noise, double Median, double Worst, double FormulaMedian, double FormulaWorst, IReadOnlyList<ValidationRow> Rows)
{
    /// <summary>The error in the middle that is allowed, and the largest.</summary>
    public const double MostMedian = 0.05;
    public const double MostWorst = 0.10;

    public bool IsWithinBounds => Median <= MostMedian && Worst <= MostWorst;

    public static ValidationReport Of(ModelCosts costs, double noise, IReadOnlyList<ValidationRow> rows) => new(
        costs, noise, Middle(rows, row => row.Error), rows.Max(row => Math.Abs(row.Error)), Middle(rows, row => row.FormulaError),
        rows.Max(row => Math.Abs(row.FormulaError)), rows);

    /// <summary>One JSON object.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, ValidationJson.Default.ValidationReport));

    /// <summary>Tables: a line for each workload, then one for each of its networks.</summary>
    public void WriteMarkdown(TextWriter output)
    {
        output.WriteLine("| workload | median error | worst error | closed formula, median | closed formula, worst | measured again |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (IGrouping<string, ValidationRow> workload in Rows.GroupBy(row => row.Workload))
        {
            Line(workload.Key, [.. workload]);
        }

        Line("all", Rows);
        output.WriteLine();
        output.WriteLine("| workload | round trip, us | Gbit/s | measured, ms | predicted, ms | error, % | closed formula, % | measured again |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (ValidationRow row in Rows)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Workload} | {row.RttUs} | {row.BandwidthGbps} | {row.Measured / 1e6:F1} | {row.Predicted / 1e6:F1} | {Percent(row.Error)} | {Percent(row.FormulaError)} | {row.Repeats} |"));
        }

        void Line(string name, IReadOnlyList<ValidationRow> rows) => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Middle(rows, row => row.Error) * 100:F1} % | {rows.Max(row => Math.Abs(row.Error)) * 100:F1} % | {Middle(rows, row => row.FormulaError) * 100:F1} % | {rows.Max(row => Math.Abs(row.FormulaError)) * 100:F1} % | {rows.Sum(row => row.Repeats)} |"));
    }

    // Without a sign where it is zero.
    private static string Percent(double error) => Math.Round(error * 100, 1).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    private static double Middle(IReadOnlyList<ValidationRow> rows, Func<ValidationRow, double> error) =>
        rows.Select(row => Math.Abs(error(row))).Order().ElementAt(rows.Count / 2);
}

/// <summary>One workload over one network.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="RttUs">The network's round trip.</param>
/// <param name="BandwidthGbps">The network's bandwidth.</param>
/// <param name="Recorded">What the traced run took, without a network.</param>
/// <param name="Measured">What it took over the emulated network.</param>
/// <param name="Predicted">What the model says.</param>
/// <param name="Formula">What the closed formula says.</param>
/// <param name="Repeats">How often it was measured again, because it was off.</param>
internal sealed record ValidationRow(
    string Workload, double RttUs, double BandwidthGbps, long Recorded, long Measured, long Predicted, long Formula, int Repeats)
{
    public double Error => ((double)Predicted / Measured) - 1;

    public double FormulaError => ((double)Formula / Measured) - 1;
}

[JsonSerializable(typeof(ValidationReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ValidationJson : JsonSerializerContext;
