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
        Option<bool> network = new("--networks") { Description = "Measure through emulated networks as well, on the first server" };
        Command command = new("bench", "Measure calls, launches and copies, with a baseline beside each figure") { server, json, quick, chart, shim, network };
        command.Validators.Add(result =>
        {
            if (result.GetValue(shim) is not null && result.GetValue(server) is not { Length: 1 })
            {
                result.AddError("--shim takes exactly one --server: a process has one libcuda.so.1, and that has one server");
            }
        });
        command.SetAction(parsed => Run(new BenchSettings(
            parsed.GetValue(server) ?? [], parsed.GetValue(json), parsed.GetValue(quick) ? BenchEffort.Quick : BenchEffort.Full, parsed.GetValue(chart),
            parsed.GetValue(shim), parsed.GetValue(network))));
        return command;
    }

    private static int Run(BenchSettings settings)
    {
        try
        {
            RawProgram? raw = RawProgram.Find();
            if (raw is null)
            {
                Console.Error.WriteLine("cudarpc bench: no baseline: cudarpc-raw is not beside this program (./run build makes it)");
            }

            OutputFile.Check(settings.Chart);
            BenchReport report = Measure(settings, raw);
            if (settings.Chart is not null)
            {
                OutputFile.WriteText(settings.Chart, chart => chart.Write(BenchChart.Draw(report)));
            }

            if (settings.Json)
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

    private static BenchReport Measure(BenchSettings settings, RawProgram? raw)
    {
        using OwnServer? own = settings.Urls.Length == 0 ? StartServer() : null;
        ServerUrl[] urls = [.. (own?.Urls ?? settings.Urls).Select(ServerUrl.Parse)];
        var figures = new List<ServerFigures>();
        foreach (ServerUrl url in urls)
        {
            BenchProgram Program() => new(Open(url, settings.Shim), settings.Effort.Sizes.Max());
            using BenchProgram program = Program();
            figures.Add(new ServerBench(program, settings.Shim is null ? Program : null, HasBaseline(url) ? raw : null, settings.Effort).Measure(url));
        }

        return new BenchReport(
            DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm"), Environment.ProcessorCount, settings.Shim ?? ".NET", figures,
            settings.Networks ? new NetworkBench(urls[0], settings.Effort).Measure() : null);
    }

    // The baseline's other end is on this machine, with no network between.
    private static bool HasBaseline(ServerUrl url) => !url.IsInProcess && url.Network is null && SocketAddresses.IsLocal(url);

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

        if (!File.Exists(shim))
        {
            throw new FileNotFoundException($"there is no {shim}");
        }

        ProcessImage.SetVariable("CUDARPC_SERVER", url.ToString());
        return new NativeDriver(Path.GetFullPath(shim));
    }

    private sealed record BenchSettings(string[] Urls, bool Json, BenchEffort Effort, string? Chart, string? Shim, bool Networks);
}
