using System.Globalization;
using Spectre.Console;

namespace CudaRpc.Server.Commands.Bench;

/// <summary>A benchmark's report as tables.</summary>
internal static class BenchTable
{
    public static void Write(BenchReport report)
    {
        foreach (ServerFigures server in report.Servers)
        {
            AnsiConsole.MarkupLineInterpolated($"[bold]{server.Url}[/], {server.Device}, {report.Cores} cores, client: {report.Client}");
            AnsiConsole.Write(Calls(server));
            AnsiConsole.Write(Copies(server));
            AnsiConsole.WriteLine();
        }

        if (report.Network is NetworkFigures network)
        {
            AnsiConsole.MarkupLineInterpolated(
                $"emulated networks; a step is {network.Launches} launches, or {network.Copies} copies of {network.CopyBytes >> 10} KiB, and one wait");
            AnsiConsole.Write(Network(network));
        }
    }

    private static Table Network(NetworkFigures network)
    {
        Table table = Columns("round trip", "call", "added by it", "launch step", "copy step");
        foreach (RoundTripFigures at in network.RoundTrips)
        {
            table.AddRow($"{at.Rtt:F0} us", Microseconds(at.Call), Microseconds(at.Added), Microseconds(at.LaunchStep), Microseconds(at.CopyStep));
        }

        foreach (BandwidthFigures at in network.Bandwidths)
        {
            table.AddRow($"{at.Asked:F0} Gbit/s", "", "", "", string.Create(CultureInfo.InvariantCulture, $"{at.Copied:F2} Gbit/s"));
        }

        return table;
    }

    private static string Microseconds(double time) => string.Create(CultureInfo.InvariantCulture, $"{time:F1} us");

    private static Table Calls(ServerFigures server)
    {
        Table table = Columns("what", "ours", "raw", "ratio");
        SynchronousFigures calls = server.Synchronous;
        table.AddRow("call, median", Time(calls.Call.Median), Time(calls.Raw?.Median), Ratio(calls.MedianRatio));
        table.AddRow("call, 99th percentile", Time(calls.Call.P99), Time(calls.Raw?.P99), Ratio(calls.P99Ratio));
        table.AddRow("call, 99.9th percentile", Time(calls.Call.P999), Time(calls.Raw?.P999), "");
        table.AddRow("launch, in the client", string.Create(CultureInfo.InvariantCulture, $"{server.Posted.ClientNanoseconds:F0} ns"), "", "");
        foreach (ThreadFigures threads in server.Threads)
        {
            string who = threads.Threads == 1 ? "1 thread" : $"{threads.Threads} threads";
            string byOne = threads.Threads == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{threads.ByOne:F2} of 1 thread");
            table.AddRow($"launches, {who}", string.Create(CultureInfo.InvariantCulture, $"{threads.PerSecond / 1e6:F2} M/s"), "", byOne);
        }

        foreach (SessionFigures sessions in server.Sessions.Where(static sessions => sessions.Sessions > 1))
        {
            table.AddRow($"launches, {sessions.Sessions} sessions", string.Create(CultureInfo.InvariantCulture, $"{sessions.PerSecond / 1e6:F2} M/s"), "", "");
        }

        return table;
    }

    private static Table Copies(ServerFigures server)
    {
        Table table = Columns("copy", "to device", "raw", "ratio", "to host", "raw", "ratio");
        foreach (CopyFigures copy in server.Copies)
        {
            table.AddRow(
                copy.Size >= 1 << 20 ? $"{copy.Size >> 20} MiB" : $"{copy.Size >> 10} KiB",
                Bandwidth(copy.ToDevice), Bandwidth(copy.RawToDevice), Ratio(copy.ToDeviceRatio),
                Bandwidth(copy.ToHost), Bandwidth(copy.RawToHost), Ratio(copy.ToHostRatio));
        }

        return table;
    }

    private static Table Columns(string first, params ReadOnlySpan<string> others)
    {
        Table table = new() { Border = TableBorder.None };
        table.AddColumn(new TableColumn($"[bold]{first}[/]").NoWrap());
        foreach (string other in others)
        {
            table.AddColumn(new TableColumn($"[bold]{other}[/]").NoWrap().RightAligned());
        }

        return table;
    }

    private static string Time(long? nanoseconds) =>
        nanoseconds is long time ? string.Create(CultureInfo.InvariantCulture, $"{time / 1e3:F1} us") : "";

    private static string Bandwidth(double? bytesPerSecond) =>
        bytesPerSecond is double rate ? string.Create(CultureInfo.InvariantCulture, $"{rate / 1e9:F2} GB/s") : "";

    private static string Ratio(double? ratio) => ratio is double value ? value.ToString("F2", CultureInfo.InvariantCulture) : "";
}
