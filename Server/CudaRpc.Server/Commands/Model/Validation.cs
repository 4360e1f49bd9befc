using CudaRpc.Model;
using CudaRpc.Transport;
using CudaRpc.Transport.Emulation;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands.Model;

/// <summary>
/// Compares the model with runs: each workload is traced over a plain connection, predicted for each network and run over it emulated, on a
/// simulated device in a process of its own. All of it several times in turns, and the costs measured in between. What counts is the
/// shortest time of each step and the shortest prediction: what else a machine does adds to both.
/// </summary>
internal static class Validation
{
    private const int Rounds = 5;

    // Whose shortest times differ by more is run again, whatever was predicted: something has disturbed most of its runs.
    private const double Disturbed = 0.03;
    private const int MostRepeats = 5;

    // Faster than what emulating it takes.
    private const string CopyNetwork = "?rtt=10us&bandwidth=400Gbps";

    private static readonly int[] s_roundTrips = [10, 100, 400, 1000];
    private static readonly int[] s_gigabits = [1, 10, 25, 100];
    private static readonly NetworkConditions[] s_networks =
    [
        .. from rtt in s_roundTrips
           from gigabits in s_gigabits
           select new NetworkConditions(TimeSpan.FromMicroseconds(rtt), gigabits * 1e9 / 8, TimeSpan.Zero),
    ];

    /// <summary>Validates with these workloads, on a server that this starts.</summary>
    public static ValidationReport Run(IReadOnlyCollection<Workload> workloads, Action<string> progress)
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-validate-{Environment.ProcessId}.sock");
        using OwnServer own = OwnServer.Start(["--driver", "null", "--device-time", "A100"], [$"unix://{socket}"]);
        using OwnServer calibrated = Calibration.StartServer();
        ValidationRun[] runs = [.. workloads.Select(workload => new ValidationRun(own.Urls[0], workload, s_networks))];
        Array.ForEach(runs, static run => run.WarmUp());
        var costs = new List<ModelCosts>();
        for (int round = 1; round <= Rounds; round++)
        {
            progress($"round {round} of {Rounds}");
            costs.Add(Calibration.Once(ServerUrl.Parse(calibrated.Urls[0]), CopyNetwork));
            Array.ForEach(runs, static run => run.Round());
        }

        for (int repeat = 0; repeat < MostRepeats; repeat++)
        {
            progress($"what was disturbed, again: {runs.Sum(static run => run.Repeat(Disturbed))} runs");
        }

        ModelCosts middle = Calibration.Of(costs);
        return ValidationReport.Of(middle, [.. runs.SelectMany(run => run.Rows(middle))]);
    }
}
