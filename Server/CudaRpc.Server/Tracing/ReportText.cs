using Spectre.Console;

namespace CudaRpc.Server.Tracing;

/// <summary>A report as tables on a terminal.</summary>
internal static class ReportText
{
    /// <param name="console">Where to.</param>
    /// <param name="report">What.</param>
    /// <param name="top">Rows of the longer tables.</param>
    public static void Write(IAnsiConsole console, TraceReport report, int top)
    {
        foreach (string problem in report.Problems)
        {
            console.MarkupLineInterpolated($"[yellow]note[/]: {Readable.Clean(problem)}");
        }

        string[] summary = ReportTables.Summary(report);
        console.MarkupLineInterpolated($"[bold]{summary[0]}[/]");
        foreach (string line in summary[1..])
        {
            console.MarkupLineInterpolated($"{line}");
        }

        if (report.Run.Calls == 0)
        {
            return;
        }

        Write(console, ReportTables.Shares(report));
        Write(console, ReportTables.Classes(report));
        Write(console, ReportTables.Functions(report, top));
        Write(console, ReportTables.Threads(report, top));
        WriteFindings(console, report);
        Write(console, ReportTables.Stalls(report));
    }

    private static void WriteFindings(IAnsiConsole console, TraceReport report)
    {
        Title(console, "Round trips that could be avoided");
        if (report.Findings.Count == 0)
        {
            console.WriteLine("none found");
        }

        foreach (Finding finding in report.Findings)
        {
            console.MarkupLineInterpolated($"[bold]{finding.Name}[/]: {ReportTables.Cost(finding, report.Run)}");
            console.Write(new Padder(new Text($"{finding.Why}\n{finding.Advice}"), new Padding(2, 0, 0, 0)));
        }
    }

    private static void Write(IAnsiConsole console, ReportTable content)
    {
        Title(console, content.Title);
        Table table = new() { Border = TableBorder.None };
        foreach (string column in content.Columns)
        {
            table.AddColumn(new TableColumn($"[bold]{column}[/]")
            {
                NoWrap = true,
                Alignment = table.Columns.Count == 0 ? Justify.Left : Justify.Right,
            });
        }

        foreach (string[] row in content.Rows)
        {
            // Texts out of the file are no markup.
            table.AddRow(row.Select(static text => new Text(text)));
        }

        console.Write(table);
        if (content.Left > 0)
        {
            console.MarkupLineInterpolated($"[dim]and {content.Left} more (--top)[/]");
        }
    }

    private static void Title(IAnsiConsole console, string title)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold underline]{title}[/]");
    }
}
