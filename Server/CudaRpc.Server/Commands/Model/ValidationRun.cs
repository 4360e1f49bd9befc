using System.Diagnostics;
using CudaRpc.Driver;
using CudaRpc.Model;
using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;
using CudaRpc.Workloads;
using Trace = CudaRpc.Tracing.Trace;

namespace CudaRpc.Server.Commands.Model;

/// <summary>Runs of one workload on a server: recorded over the plain connection, and timed over emulated networks.</summary>
internal sealed class ValidationRun(string url, Workload workload, NetworkConditions[] networks)
{
    private readonly List<Trace> _traces = [];
    private readonly RunTimes _recorded = new();
    private readonly RunTimes[] _runs = [.. networks.Select(static _ => new RunTimes())];

    /// <summary>A run that does not count.</summary>
    public void WarmUp() => Time("");

    /// <summary>One recorded run, and one over each network.</summary>
    public void Round()
    {
        Record();
        for (int index = 0; index < networks.Length; index++)
        {
            Time(index);
        }
    }

    /// <summary>
    /// Once more what differs by more than <paramref name="most"/>: the shortest times of its parts. How many runs there were.
    /// </summary>
    public int Repeat(double most)
    {
        int repeats = 0;
        if (_recorded.Spread > most)
        {
            Record();
            repeats++;
        }

        for (int index = 0; index < networks.Length; index++)
        {
            if (_runs[index].Spread > most)
            {
                Time(index);
                repeats++;
            }
        }

        return repeats;
    }

    /// <summary>What was measured, beside what the model says to <paramref name="costs"/>.</summary>
    public IEnumerable<ValidationRow> Rows(ModelCosts costs)
    {
        ProgramModel[] models = [.. _traces.Select(trace => ProgramModel.Of(trace, costs))];
        return networks.Select((network, index) => new ValidationRow(
            workload.Name, network.Rtt.TotalMicroseconds, network.BytesPerSecond * 8 / 1e9, _traces.Min(static trace => trace.Duration),
            models.Min(model => model.Time(network)), _traces.Min(trace => ClosedFormula.Time(trace, network)),
            _runs[index].Total, _runs[index].Spread, _runs[index].Count));
    }

    private void Time(int network) => _runs[network].Add(Time($"?{networks[network]}"));

    private long[] Time(string network) => Run(new SessionOptions { ClientName = "cudarpc model" }, network);

    private void Record()
    {
        string file = Path.Combine(Path.GetTempPath(), $"cudarpc-model-{Guid.NewGuid():N}.trace");
        try
        {
            _recorded.Add(Run(new SessionOptions { ClientName = "cudarpc model", TraceFile = file }, ""));
            _traces.Add(TraceFile.Read(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    // Nanoseconds of each step, and before them of all else from the first call to the last one; connecting is not included. One part of
    // threads, whose steps are longer where others' are shorter.
    private long[] Run(SessionOptions options, string network)
    {
        CudaDriver driver = DriverFactory.Open(url + network, options);
        try
        {
            long began = Stopwatch.GetTimestamp();
            long[] steps;
            using (var program = new WorkloadProgram(driver, workload))
            {
                steps = program.Run(workload.Steps);
            }

            long all = (long)Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            return workload.Threads > 1 ? [all] : [all - steps.Sum(), .. steps];
        }
        finally
        {
            (driver as IDisposable)?.Dispose();
        }
    }
}
