using CudaRpc.Model;
using CudaRpc.Transport;
using CudaRpc.Transport.Emulation;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands.Model;

/// <summary>
/// Compares the model with runs: each workload is traced over a plain connection, predicted for each network and run over it emulated, on a simulated
/// device in a process of its own. All of it several times in turns. What counts is the shortest run and the shortest
/// prediction: what else a machine does adds to both.
/// </summary>
internal sealed class Validation(string url, ModelCosts costs)
{
    private const int Rounds = 5;
    private static readonly int[] s_roundTrips = [10, 100, 400, 1000];
    private static readonly int[] s_gigabits = [1, 10, 25, 100];

    private static readonly NetworkConditions[] s_networks =
    [
        .. from rtt in s_roundTrips from gigabits in s_gigabits
           select new NetworkConditions(TimeSpan.FromMicroseconds(rtt), gigabits * 1e9 / 8, TimeSpan.Zero),
    ];

    /// <summary>Validates with all workloads, on a server that this starts.</summary>
    public static ValidationReport Run(IReadOnlyCollection<Workload> workloads, Action<string> progress)
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-validate-{Environment.ProcessId}.sock");
        using OwnServer own = OwnServer.Start(["--driver", "null", "--device-time", "A100"], [$"unix://{socket}"]);
        progress("costs");
        ModelCosts costs = Calibration.Measure(ServerUrl.Parse(own.Urls[0]));
        var validation = new Validation(own.Urls[0], costs);
        var rows = new List<ValidationRow>();
        foreach (Workload workload in workloads)
        {
            progress(workload.Name);
            rows.AddRange(validation.Measure(workload));
        }

        return ValidationReport.Of(costs, rows);
    }

    private IEnumerable<ValidationRow> Measure(Workload workload)
    {
        var run = new ValidationRun(url, workload);
        run.Time();
        var traces = new CudaRpc.Tracing.Trace[Rounds];
        long[][] runs = [.. s_networks.Select(static _ => new long[Rounds])];
        for (int round = 0; round < Rounds; round++)
        {
            traces[round] = run.Record();
            for (int index = 0; index < s_networks.Length; index++)
            {
                runs[index][round] = run.Time($"?{s_networks[index]}");
            }
        }

        ProgramModel[] models = [.. traces.Select(trace => ProgramModel.Of(trace, costs))];
        return s_networks.Select((network, index) => new ValidationRow(
            workload.Name, network.Rtt.TotalMicroseconds, network.BytesPerSecond * 8 / 1e9, traces.Min(static trace => trace.Duration),
            models.Min(model => model.Time(network)), traces.Min(trace => ClosedFormula.Time(trace, network)), [.. runs[index].Order()]));
    }
}
