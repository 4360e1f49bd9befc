using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CudaRpc.Model;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Predictions beside measurements; its properties are the JSON's. Times in nanoseconds, errors as 0.05 for 5 %.</summary>
/// <param name="Costs">What the model was told.</param>
/// <param name="Noise">By how much the shortest times of the same differ: of nineteen in twenty rows <see cref="ValidationRow.Spread"/> is
/// less.</param>
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

    public static ValidationReport Of(ModelCosts costs, IReadOnlyList<ValidationRow> rows) => new(
        costs, rows.Select(static row => row.Spread).Order().ElementAt(rows.Count * 19 / 20), Middle(rows, Error), Most(rows, Error), Middle(rows, Formula),
        Most(rows, Formula), rows);

    /// <summary>One JSON object.</summary>
    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, ValidationJson.Default.ValidationReport));

    /// <summary>Tables: a line for each workload, then one for each of its networks.</summary>
    public void WriteMarkdown(TextWriter output)
    {
        output.WriteLine("| workload | median error | worst error | closed formula, median | closed formula, worst | runs differ by |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (IGrouping<string, ValidationRow> workload in Rows.GroupBy(row => row.Workload))
        {
            Row(workload.Key, Figures([.. workload]));
        }

        Row("all", Figures(Rows));
        output.WriteLine();
        output.WriteLine("| workload | round trip, us | Gbit/s | measured, ms | predicted, ms | error, % | closed formula, % | runs differ by, % |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (ValidationRow row in Rows)
        {
            Row(
                row.Workload, Text(row.RttUs), Text(row.BandwidthGbps), Text(row.Measured / 1e6, "F1"), Text(row.Predicted / 1e6, "F1"), Signed(row.Error),
                Signed(row.FormulaError), Text(row.Spread * 100, "F1"));
        }

        void Row(string first, params ReadOnlySpan<string> cells) => output.WriteLine($"| {first} | {string.Join(" | ", cells)} |");
    }

    private static string[] Figures(IReadOnlyList<ValidationRow> rows) =>
        [.. ((double[])[Middle(rows, Error), Most(rows, Error), Middle(rows, Formula), Most(rows, Formula), Middle(rows, static row => row.Spread)])
            .Select(static share => Text(share * 100, "F1") + " %")];

    private static string Text(double number, string format = "") => number.ToString(format, CultureInfo.InvariantCulture);

    // In percent; without a sign where it is zero.
    private static string Signed(double error) => Math.Round(error * 100, 1).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    private static double Error(ValidationRow row) => Math.Abs(row.Error);

    private static double Formula(ValidationRow row) => Math.Abs(row.FormulaError);

    private static double Most(IReadOnlyList<ValidationRow> rows, Func<ValidationRow, double> figure) => rows.Max(figure);

    private static double Middle(IReadOnlyList<ValidationRow> rows, Func<ValidationRow, double> figure) => rows.Select(figure).Order().ElementAt(rows.Count / 2);
}

[JsonSerializable(typeof(ValidationReport))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ValidationJson : JsonSerializerContext;
