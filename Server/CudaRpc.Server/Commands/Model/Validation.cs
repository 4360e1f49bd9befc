using System.Diagnostics;
using CudaRpc.Model;
using CudaRpc.Transport;
using CudaRpc.Transport.Emulation;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Commands.Model;

/// <summary>
/// Compares the model with runs: each workload is traced once over a plain connection, predicted for each network and run over it emulated, on a
/// simulated device in a process of its own. A time is that of the shortest of several runs in turns, because what else the machine does adds to it.
/// </summary>
internal sealed class Validation(string url, ModelCosts costs, TimeSpan patience)
{
    private const int Runs = 3;
    private const int Traces = 5;
    private const int MostRepeats = 4;

    // What is this far off is measured again.
    private const double Suspicious = 0.05;
    private static readonly int[] s_roundTrips = [10, 100, 400, 1000];
    private static readonly int[] s_gigabits = [1, 10, 25, 100];

    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Validates with all workloads, on a server that this starts.</summary>
    public static ValidationReport Run(IReadOnlyCollection<Workload> workloads, TimeSpan patience, Action<string> progress)
    {
        string socket = Path.Combine(Path.GetTempPath(), $"cudarpc-validate-{Environment.ProcessId}.sock");
        using OwnServer own = OwnServer.Start(["--driver", "null", "--device-time", "A100"], [$"unix://{socket}"]);
        progress("costs");
        ModelCosts costs = Calibration.MeasureHere();
        var validation = new Validation(own.Urls[0], costs, patience);
        var rows = new List<ValidationRow>();
        var noise = new List<double>();
        foreach (Workload workload in workloads)
        {
            progress(workload.Name);
            (IEnumerable<ValidationRow> measured, double spread) = validation.Measure(workload);
            rows.AddRange(measured);
            noise.Add(spread);
        }

        return ValidationReport.Of(costs, noise.Order().ElementAt(noise.Count / 2), rows);
    }

    private (IEnumerable<ValidationRow> Rows, double Noise) Measure(Workload workload)
    {
        var run = new ValidationRun(url, workload, workload.Steps);
        run.Time();
        // What is recorded is not the run that the machine disturbed.
        CudaRpc.Tracing.Trace trace = Enumerable.Range(0, Traces).Select(_ => run.Record()).MinBy(trace => trace.Duration)!;
        var model = ProgramModel.Of(trace, costs);
        NetworkConditions[] networks =
        [
            .. from rtt in s_roundTrips from gigabits in s_gigabits
               select new NetworkConditions(TimeSpan.FromMicroseconds(rtt), gigabits * 1e9 / 8, TimeSpan.Zero),
        ];
        long[] predicted = [.. networks.Select(model.Time)], measured = new long[networks.Length];
        int[] repeats = new int[networks.Length];
        Array.Fill(measured, long.MaxValue);
        var plain = new List<long>();
        for (int round = 0; round < Runs; round++)
        {
            plain.Add(run.Time());
            for (int index = 0; index < networks.Length; index++)
            {
                measured[index] = Math.Min(measured[index], run.Time($"?{networks[index]}"));
            }
        }

        plain.Add(run.Time());
        for (int round = 0; round < MostRepeats; round++)
        {
            for (int index = 0; index < networks.Length && Stopwatch.GetElapsedTime(_began) < patience; index++)
            {
                if (Math.Abs(((double)predicted[index] / measured[index]) - 1) > Suspicious)
                {
                    repeats[index]++;
                    measured[index] = Math.Min(measured[index], run.Time($"?{networks[index]}"));
                }
            }
        }

        plain.Add(run.Time());
        IEnumerable<ValidationRow> rows = networks.Select((network, index) => new ValidationRow(
            workload.Name, network.Rtt.TotalMicroseconds, network.BytesPerSecond * 8 / 1e9, trace.Duration, measured[index], predicted[index],
            ClosedFormula.Time(trace, network), repeats[index]));
        return (rows, ((double)plain.Order().ElementAt(plain.Count / 2) / plain.Min()) - 1);
    }
}
