using System.CommandLine;
using System.Text.Json;
using CudaRpc.Server.Tracing.Cost;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc trace cost</c>: what recording costs on this machine.</summary>
internal static class TraceCostCommand
{
    private const string Name = "trace cost";

    public static Command Create()
    {
        Option<string?> server = new("--server")
        {
            Description = "A server with --device-time. Default: one of its own, --driver null --device-time A100",
            HelpName = "URL",
        };
        Option<string?> shim = new("--shim")
        {
            Description = "Folder of libcuda.so.1. Default: CUDARPC_SHIM, or beside this command",
            HelpName = "FOLDER",
        };
        Option<int> turns = new("--turns")
        {
            Description = "How often the two are compared, 25 steps each",
            DefaultValueFactory = _ => 400,
            HelpName = "N",
        };
        turns.Validators.Add(result => Positive.Check(result, 1_000_000));
        Option<bool> json = new("--json") { Description = "Print JSON" };
        Command command = new("cost", "Measure what recording costs a launch-bound program, in .NET and through the shim")
        {
            server, shim, turns, json,
        };
        command.SetAction(parsed =>
            Run(parsed.GetValue(server), parsed.GetValue(shim), parsed.GetValue(turns), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string? server, string? shim, int turns, bool json)
    {
        try
        {
            string library = Path.Combine(ShimLocation.Find(shim), ShimLocation.FileName);
            // It ends with this process: after the shim's sessions, which do so too.
            var cost = new RecordingCost(server ?? StartServer().Urls[0], turns);
            IReadOnlyList<RecordingFigures> figures = [cost.OfSession(), cost.OfShim(library)];
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(figures, CostJson.Default.IReadOnlyListRecordingFigures));
            }
            else
            {
                foreach (RecordingFigures client in figures)
                {
                    Console.WriteLine(client.ToText());
                }
            }

            return 0;
        }
        catch (Exception failure) when (ExpectedFailure.Describe(failure) is not null)
        {
            return ExpectedFailure.Report(Name, ExpectedFailure.Describe(failure)!);
        }
    }

    private static OwnServer StartServer()
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-cost-{Environment.ProcessId}.sock");
        return OwnServer.Start(["--driver", "null", "--device-time", "A100"], [$"unix://{socket}"]);
    }
}
