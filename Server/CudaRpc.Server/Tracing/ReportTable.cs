namespace CudaRpc.Server.Tracing;

/// <summary>
/// A table of a report, for whatever shows it. The texts may be out of a trace: they are clean (<see cref="Readable.Clean"/>), and to be
/// escaped.
/// </summary>
/// <param name="Title">What it is about.</param>
/// <param name="Columns">The columns' heads; the first column's texts are names, the others' figures.</param>
/// <param name="Rows">As many texts each as there are columns.</param>
/// <param name="Left">How many rows were left out.</param>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows, int Left = 0);
