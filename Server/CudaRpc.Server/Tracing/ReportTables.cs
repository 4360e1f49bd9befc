using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>A report's figures as tables and lines for people, the same on a terminal and on a page.</summary>
internal static class ReportTables
{
    /// <summary>The run in a few lines; the first is the program.</summary>
    public static string[] Summary(TraceReport report)
    {
        (TraceHeader header, RunFigures run) = (report.Header, report.Run);
        string device = header.Device.Length == 0 ? "" : $", {Readable.Clean(header.Device)}";
        string roundTrip = header.RoundTrip <= 0 ? "" : $", round trip {Readable.Time(header.RoundTrip)}";
        string failed = run.Failed == 0 ? "" : $", {Readable.Count(run.Failed)} failed";
        string saved = run.BytesSaved == 0 ? "" : $" ({Readable.Bytes(run.BytesSaved)} more the server had already)";
        return
        [
            Readable.Clean(header.Command.Count == 0 ? "a program" : string.Join(' ', header.Command)),
            FormattableString.Invariant($"{(header.Server.Length == 0 ? "no server" : Readable.Clean(header.Server))}{device}{roundTrip}, {header.Began.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"),
            $"{Readable.Time(run.Duration)}, {Readable.Count(run.Processes, "process", "processes")}, {Readable.Count(run.Threads, "thread", "threads")}",
            $"{Readable.Count(run.Calls, "call", "calls")}{failed}, {Readable.Count(run.RoundTrips, "round trip", "round trips")}, "
                + $"{Readable.Bytes(run.BytesOut)} to the server{saved}, {Readable.Bytes(run.BytesIn)} from it",
        ];
    }

    /// <summary>What a finding cost.</summary>
    public static string Cost(Finding finding, RunFigures run) =>
        $"{Readable.Count(finding.Count, "call", "calls")}, {Readable.Count(finding.RoundTrips, "round trip", "round trips")}, "
        + $"{Readable.Time(finding.Time)}, {Readable.Share(finding.Time, run.ThreadTime)} of the threads' time";

    public static ReportTable Shares(TraceReport report)
    {
        RunFigures run = report.Run;
        List<string[]> rows = [["program's own", Readable.Time(run.Own), Readable.Share(run.Own, run.ThreadTime)]];
        rows.AddRange(TimeSplit.Names.Zip(run.Split.Parts(), (name, time) =>
            (string[])[name, Readable.Time(time), Readable.Share(time, run.ThreadTime)]));
        if (run.DeviceBusy is long busy)
        {
            rows.Add(["device at work", Readable.Time(busy), $"{Readable.Share(busy, run.Duration)} of the run"]);
        }

        return new ReportTable("Time of the threads", ["where", "time", "share"], rows);
    }

    public static ReportTable Classes(TraceReport report) => new(
        "By class",
        ["class", "calls", "total", "median", "99 %", "max", "round trips", "bytes out", "bytes in"],
        [.. report.Classes.Select(static figures => (string[])
        [
            Readable.Class(figures.Class), Readable.Count(figures.Times.Count), Readable.Time(figures.Times.Total),
                Readable.Time(figures.Times.Median),
            Readable.Time(figures.Times.P99), Readable.Time(figures.Times.Max), Readable.Count(figures.RoundTrips),
                Readable.Bytes(figures.BytesOut),
            Readable.Bytes(figures.BytesIn),
        ])]);

    public static ReportTable Functions(TraceReport report, int top) => new(
        "By function and class",
        ["function", "class", "calls", "total", "of calls", "median", "max", "mostly", "bytes out", "bytes in", "failed"],
        [.. report.Functions.Take(top).Select(figures => (string[])
        [
            Readable.Clean(figures.Function), Readable.Class(figures.Class), Readable.Count(figures.Times.Count),
                Readable.Time(figures.Times.Total),
            Readable.Share(figures.Times.Total, report.Run.Split.Total), Readable.Time(figures.Times.Median),
                Readable.Time(figures.Times.Max),
            figures.Split.Largest(), Readable.Bytes(figures.BytesOut), Readable.Bytes(figures.BytesIn),
            figures.Failed == 0 ? "" : Readable.Count(figures.Failed),
        ])],
        Math.Max(0, report.Functions.Count - top));

    public static ReportTable Threads(TraceReport report, int top) => new(
        "By thread",
        ["thread", "process", "calls", "from", "to", "own", .. TimeSplit.Names, "round trips", "bytes out", "bytes in"],
        [.. report.Threads.OrderByDescending(static thread => thread.Split.Total).Take(top).Select(figures => (string[])
        [
            Readable.Thread(figures.Name, figures.Id), $"{figures.Process}", Readable.Count(figures.Calls),
                Readable.Time(figures.First - report.Run.Begin),
            Readable.Time(figures.Last - report.Run.Begin), Readable.Time(figures.Own), .. figures.Split.Parts().Select(Part),
            Readable.Count(figures.RoundTrips), Readable.Bytes(figures.BytesOut), Readable.Bytes(figures.BytesIn),
        ])],
        Math.Max(0, report.Threads.Count - top));

    public static ReportTable Stalls(TraceReport report) => new(
        "Longest stalls",
        ["function", "thread", "at", "for", "waited for", .. TimeSplit.Names],
        [.. report.Stalls.Select(stall => (string[])
        [
            Readable.Clean(stall.Function), stall.Thread, Readable.Time(stall.Begin - report.Run.Begin), Readable.Time(stall.Time),
                stall.WaitedFor,
            .. stall.Split.Parts().Select(Part),
        ])]);

    private static string Part(long time) => time == 0 ? "" : Readable.Time(time);
}
