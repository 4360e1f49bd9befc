using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace CudaRpc.Server.Commands;

/// <summary>What the demo found; its properties are the JSON's.</summary>
internal sealed record DemoReport(string Server, string Device, IReadOnlyList<DemoKernel> Kernels)
{
    public bool Verified => Kernels.All(kernel => kernel.Verified);

    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, DemoJson.Default.DemoReport));

    public void WriteTable()
    {
        // Narrow enough for a terminal of 80 columns.
        Table table = new() { Border = TableBorder.None };
        foreach (string column in (string[])["kernel", "size", "result"])
        {
            table.AddColumn(new TableColumn($"[bold]{column}[/]").NoWrap().Padding(0, 0, 1, 0));
        }

        foreach (string column in (string[])["max error", "posted", "sync", "local", "bytes", "time"])
        {
            table.AddColumn(new TableColumn($"[bold]{column}[/]").NoWrap().Padding(0, 0, 1, 0).RightAligned());
        }

        foreach (DemoKernel kernel in Kernels)
        {
            table.AddRow(Row(kernel));
        }

        AnsiConsole.MarkupLineInterpolated($"{Device} at {Server}");
        AnsiConsole.Write(table);
        foreach (DemoKernel kernel in Kernels.Where(kernel => kernel.Error is not null))
        {
            AnsiConsole.MarkupLineInterpolated($"[red]{kernel.Name}[/]: {kernel.Error}");
        }

        int verified = Kernels.Count(kernel => kernel.Verified);
        AnsiConsole.MarkupLineInterpolated($"{verified} of {Kernels.Count} kernels verified against the CPU reference");
    }

    private static string[] Row(DemoKernel kernel)
    {
        string result = kernel.Verified ? "[green]verified[/]" : kernel.Error is null ? "[red]WRONG[/]" : "[red]FAILED[/]";
        return kernel.Error is null
            ?
            [
                kernel.Name,
                kernel.Size,
                result,
                kernel.MaxError == 0 ? "0" : kernel.MaxError.ToString("0.0e+0", CultureInfo.InvariantCulture),
                $"{kernel.Posted}",
                $"{kernel.Synchronous}",
                $"{kernel.Local}",
                Bytes(kernel.BytesSent + kernel.BytesReceived),
                $"{kernel.Milliseconds.ToString("F1", CultureInfo.InvariantCulture)} ms",
            ]
            : [kernel.Name, kernel.Size, result];
    }

    private static string Bytes(long bytes) => bytes switch
    {
        < 10_000 => $"{bytes} B",
        < 10_000_000 => $"{bytes / 1000} kB",
        _ => $"{bytes / 1_000_000} MB",
    };
}

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    WriteIndented = true)]
[JsonSerializable(typeof(DemoReport))]
internal sealed partial class DemoJson : JsonSerializerContext;
