namespace CudaRpc.Server.Tracing;

/// <summary>The style of the report's page.</summary>
internal static class PageStyle
{
    public const string Css = """

        :root { color-scheme: light; }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1080px; padding: 16px; background: #fff; color: #222a35; font: 15px/1.45 system-ui, sans-serif; }
        header { border-bottom: 2px solid #30638e; margin-bottom: 12px; padding-bottom: 8px; }
        h1 { font-size: 1.35rem; margin: 0 0 6px; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 28px 0 8px; }
        p { margin: 2px 0; overflow-wrap: anywhere; }
        .problem { background: #fff4dc; border-left: 4px solid #edae49; margin: 6px 0; padding: 6px 10px; }
        .share { background: #f2f4f7; border-radius: 4px; display: flex; height: 28px; overflow: hidden; }
        .share i { display: block; }
        .key { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0; }
        .key i { border-radius: 2px; display: inline-block; height: 11px; margin-right: 5px; width: 11px; }
        figure { margin: 0; overflow-x: auto; }
        figure svg { display: block; height: auto; min-width: 620px; width: 100%; }
        figcaption, .left, .findings span, header p { color: #5a6675; }
        figcaption { font-size: .8rem; margin-top: 8px; }
        .table { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
        th, td { padding: 4px 10px; text-align: right; white-space: nowrap; }
        th { border-bottom: 1px solid #aab3bf; font-weight: 600; }
        tbody tr:nth-child(even) { background: #f6f8fa; }
        th:first-child, td:first-child { padding-left: 4px; text-align: left; }
        .findings { list-style: none; margin: 0; padding: 0; }
        .findings li { border-left: 4px solid #d1495b; margin: 10px 0; padding: 2px 0 2px 12px; }
        .share i, .key i, figure svg, tbody tr { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        @media print {
          @page { margin: 12mm; size: A4; }
          body { font-size: 10pt; max-width: none; padding: 0; }
          figure, .table { overflow: visible; }
          figure svg { min-width: 0; }
          table { font-size: 7pt; }
          :root { font-size: 13px; }
          th, td { padding: 2px 4px; }
          th, td:first-child { white-space: normal; }
          h2 { break-after: avoid; }
          figure, .findings li, tr { break-inside: avoid; }
        }

        """;
}
