using System.Globalization;
using System.Net;
using System.Text;
using CudaRpc.Tracing;
using OxyPlot;

namespace CudaRpc.Server.Tracing;

/// <summary>A report as one HTML page that loads nothing: style, tables and charts are in it, and it has no script.</summary>
internal sealed class ReportPage
{
    private readonly StringBuilder _page = new();
    private readonly Trace _trace;
    private readonly TraceReport _report;
    private readonly int _top;

    private ReportPage(Trace trace, TraceReport report, int top) => (_trace, _report, _top) = (trace, report, top);

    /// <param name="trace">The run.</param>
    /// <param name="report">What was found about it.</param>
    /// <param name="top">Rows of the longer tables.</param>
    public static string Write(Trace trace, TraceReport report, int top)
    {
        var page = new ReportPage(trace, report, top);
        page.Write();
        return page._page.ToString();
    }

    private void Write()
    {
        string[] summary = ReportTables.Summary(_report);
        _page.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>{Text(summary[0])}</title>
            <style>{PageStyle.Css}</style>
            </head>
            <body>
            <header>
            <h1>{Text(summary[0])}</h1>

            """);
        foreach (string line in summary[1..])
        {
            _page.Append($"<p>{Text(line)}</p>\n");
        }

        _page.Append("</header>\n");
        foreach (string problem in _report.Problems)
        {
            _page.Append($"<p class=\"problem\">{Text(Readable.Clean(problem))}</p>\n");
        }

        _page.Append("<main>\n");
        if (_report.Run.Calls > 0)
        {
            Body();
        }

        _page.Append("</main>\n</body>\n</html>\n");
    }

    private void Body()
    {
        IEnumerable<(string Name, OxyColor Color)> parts = TimeSplit.Names.Zip(Palette.Parts);
        Title("Where the time went");
        ShareBar(parts);
        Key([("program's own", Palette.Own), .. parts]);
        Table(ReportTables.Shares(_report), isTitled: false);

        Title("Round trips that could be avoided");
        Findings();

        Title("Timeline");
        _page.Append("<p>Each thread, the server and the device; colours as above. The fuller the colour, the more of that time it took.</p>\n");
        Figure(TimelineChart.Draw(_trace, _report));

        Title("Time by function");
        Key(parts);
        Figure(FunctionChart.Draw(_report));
        Table(ReportTables.Functions(_report, _top), isTitled: false);

        Title("Bytes and round trips over time");
        var traffic = new TrafficChart(_trace);
        Key([("to the server", Palette.Out), ("from the server", Palette.In)]);
        Figure(traffic.DrawBytes(), "MB/s");
        Figure(traffic.DrawRoundTrips(), "round trips a second");

        Title("How long calls took");
        Key(_report.Classes.Select(static figures => (Readable.Class(figures.Class), Palette.Classes[(int)figures.Class])));
        Figure(LatencyChart.Draw(_trace), "calls");
        Table(ReportTables.Classes(_report), isTitled: false);

        Table(ReportTables.Threads(_report, _top));
        Table(ReportTables.Stalls(_report));
    }

    private void ShareBar(IEnumerable<(string Name, OxyColor Color)> parts)
    {
        RunFigures run = _report.Run;
        _page.Append("<div class=\"share\">");
        foreach (((string name, OxyColor color), long time) in parts.Zip(run.Split.Parts())
            .Prepend((("program's own", Palette.Own), run.Own)))
        {
            if (time > 0 && run.ThreadTime > 0)
            {
                string style = FormattableString.Invariant($"width:{100.0 * time / run.ThreadTime:F2}%;background:{Palette.Css(color)}");
                _page.Append($"<i style=\"{style}\" title=\"{Text($"{name}: {Readable.Share(time, run.ThreadTime)}")}\"></i>");
            }
        }

        _page.Append("</div>\n");
    }

    private void Findings()
    {
        if (_report.Findings.Count == 0)
        {
            _page.Append("<p>None found.</p>\n");
            return;
        }

        _page.Append("<ul class=\"findings\">\n");
        foreach (Finding finding in _report.Findings)
        {
            _page.Append($"<li><b>{Text(finding.Name)}</b> <span>{Text(ReportTables.Cost(finding, _report.Run))}</span>");
            _page.Append($"<p>{Text(finding.Why)}</p><p>{Text(finding.Advice)}</p></li>\n");
        }

        _page.Append("</ul>\n");
    }

    private void Title(string title) => _page.Append($"<h2>{Text(title)}</h2>\n");

    private void Key(IEnumerable<(string Name, OxyColor Color)> entries)
    {
        _page.Append("<p class=\"key\">");
        foreach ((string name, OxyColor color) in entries)
        {
            _page.Append($"<span><i style=\"background:{Palette.Css(color)}\"></i>{Text(name)}</span>");
        }

        _page.Append("</p>\n");
    }

    // A chart, below the unit of its upright axis.
    private void Figure(string svg, string unit = "") =>
        _page.Append($"<figure>{(unit.Length == 0 ? "" : $"<figcaption>{unit}</figcaption>")}{svg}</figure>\n");

    private void Table(ReportTable table, bool isTitled = true)
    {
        if (isTitled)
        {
            Title(table.Title);
        }

        _page.Append("<div class=\"table\"><table>\n<thead><tr>");
        foreach (string column in table.Columns)
        {
            _page.Append($"<th>{Text(column)}</th>");
        }

        _page.Append("</tr></thead>\n<tbody>\n");
        foreach (string[] row in table.Rows)
        {
            _page.Append("<tr>");
            foreach (string cell in row)
            {
                _page.Append($"<td>{Text(cell)}</td>");
            }

            _page.Append("</tr>\n");
        }

        _page.Append("</tbody></table></div>\n");
        if (table.Left > 0)
        {
            _page.Append($"<p class=\"left\">and {Readable.Count(table.Left)} more</p>\n");
        }
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
