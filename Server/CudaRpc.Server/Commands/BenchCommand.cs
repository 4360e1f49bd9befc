using System.CommandLine;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server.Commands.Bench;
using CudaRpc.Transport;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc bench</c>: what a call costs here, and what the same bytes cost without CudaRpc.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        Option<string[]> server = new("--server")
        {
            Description = "A running server; may be repeated. Without it, one whose driver does nothing is started, and measured over each transport",
            HelpName = "URL",
        };
        Option<bool> json = new("--json") { Description = "Print JSON instead of tables" };
        Option<bool> quick = new("--quick") { Description = "Measure less; figures are rougher" };
        Option<string?> chart = new("--chart") { Description = "Write charts of latencies and bandwidths to this file, as SVG", HelpName = "FILE" };
        Option<string?> shim = new("--shim") { Description = "Measure this libcuda.so.1 as the client, with one --server", HelpName = "FILE" };
        Command command = new("bench", "Measure calls, launches and copies, with a baseline beside each figure") { server, json, quick, chart, shim };
        command.Validators.Add(result =>
        {
            if (result.GetValue(shim) is not null && result.GetValue(server) is not { Length: 1 })
            {
                result.AddError("--shim takes exactly one --server: a process has one libcuda.so.1, and that has one server");
            }
        });
        command.SetAction(parsed => Run(
            parsed.GetValue(server) ?? [], parsed.GetValue(json), parsed.GetValue(quick), parsed.GetValue(chart), parsed.GetValue(shim)));
        return command;
    }

    private static int Run(string[] urls, bool json, bool quick, string? chart, string? shim)
    {
        try
        {
            RawProgram? raw = RawProgram.Find();
            if (raw is null)
            {
                Console.Error.WriteLine("cudarpc bench: no baseline: cudarpc-raw is not beside this program (./run build makes it)");
            }

            BenchReport report = Measure(urls, shim, raw, quick ? BenchEffort.Quick : BenchEffort.Full);
            if (chart is not null)
            {
                BenchChart.Write(report, chart);
            }

            if (json)
            {
                report.WriteJson(Console.Out);
            }
            else
            {
                BenchTable.Write(report);
            }

            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report("bench", ExpectedFailure.Describe(failure)!);
        }
    }

    private static BenchReport Measure(string[] urls, string? shim, RawProgram? raw, BenchEffort effort)
    {
        using OwnServer? own = urls.Length == 0 ? StartServer() : null;
        var figures = new List<ServerFigures>();
        foreach (ServerUrl url in (own?.Urls ?? urls).Select(ServerUrl.Parse))
        {
            using var program = new BenchProgram(Open(url, shim), effort.Sizes.Max());
            figures.Add(new ServerBench(program, raw, effort).Measure(url));
        }

        return new BenchReport(DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm"), Environment.ProcessorCount, shim ?? ".NET", figures);
    }

    private static OwnServer StartServer()
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-bench-{Environment.ProcessId}");
        return OwnServer.Start("null", $"shm://{socket}.shm", $"unix://{socket}.sock", "tcp://127.0.0.1:0");
    }

    private static CudaDriver Open(ServerUrl url, string? shim)
    {
        if (shim is null)
        {
            return DriverFactory.Open(url.ToString(), new SessionOptions { ClientName = "cudarpc bench" });
        }

        ProcessImage.SetVariable("CUDARPC_SERVER", url.ToString());
        return new NativeDriver(Path.GetFullPath(shim));
    }
}
