using CudaRpc.Driver;
using CudaRpc.Server.Commands;
using CudaRpc.Server.Commands.Bench;
using CudaRpc.Workloads;

namespace CudaRpc.Server.Tracing.Cost;

/// <summary>
/// Measures what recording costs a launch-bound program: its steps with and without, in turns, as two sessions of one thread with the same
/// server. What else happens on the machine meets both alike.
/// </summary>
internal sealed class RecordingCost(string url, int turns)
{
    // Whoever has waited for the other has to wake first: those steps do not count.
    private const int WarmUp = 5;
    private const int Steps = 25;

    private static readonly Workload s_loop = WorkloadCatalog.Find("launch-bound")!;

    /// <summary>As a .NET program.</summary>
    public RecordingFigures OfSession()
    {
        string trace = NewFile("cudatrace");
        try
        {
            var options = new SessionOptions { ClientName = "cudarpc trace cost" };
            using CudaSession plain = CudaSession.Connect(url, options);
            using CudaSession traced = CudaSession.Connect(url, options with { TraceFile = trace });
            // Who has it keeps it; a run that is interrupted leaves nothing.
            File.Delete(trace);
            using var without = new WorkloadProgram(plain.Driver, s_loop);
            using var with = new WorkloadProgram(traced.Driver, s_loop);
            return Compare(".NET", without, with);
        }
        finally
        {
            File.Delete(trace);
        }
    }

    /// <summary>Through the shim, two of it: one records from its start or never. Once in a process.</summary>
    public RecordingFigures OfShim(string shim)
    {
        string trace = NewFile("cudatrace"), second = NewFile("so");
        try
        {
            File.Copy(shim, second);
            ProcessImage.SetVariable(ClientConfiguration.ServerVariable, url);
            using var without = new WorkloadProgram(new NativeDriver(Path.GetFullPath(shim)), s_loop);
            ProcessImage.SetVariable(ClientConfiguration.TraceVariable, trace);
            using var with = new WorkloadProgram(new NativeDriver(second), s_loop);
            if (!File.Exists(trace))
            {
                throw new InvalidOperationException($"{shim} does not record");
            }

            File.Delete(second);
            File.Delete(trace);
            return Compare("shim", without, with);
        }
        finally
        {
            File.Delete(second);
            File.Delete(trace);
        }
    }

    private RecordingFigures Compare(string client, WorkloadProgram without, WorkloadProgram with)
    {
        var (plain, traced, ratios) = (new List<long>(), new List<long>(), new List<double>());
        for (int turn = -2; turn < turns; turn++)
        {
            // Who goes first changes.
            long[]? early = turn % 2 == 0 ? null : Run(with);
            long[] times = Run(without);
            long[] recorded = early ?? Run(with);
            if (turn >= 0)
            {
                plain.AddRange(times);
                traced.AddRange(recorded);
                ratios.Add((double)Middle(recorded) / Middle(times));
            }
        }

        ratios.Sort();
        double At(double part) => (ratios[(int)(ratios.Count * part)] - 1) * 100;
        return new RecordingFigures(client, s_loop.Calls, Timing.Of([.. plain]), Timing.Of([.. traced]), At(0.5), At(0.25), At(0.75));
    }

    private static long[] Run(WorkloadProgram program) => program.Run(WarmUp + Steps)[WarmUp..];

    private static long Middle(long[] times) => times.Order().ElementAt(times.Length / 2);

    private static string NewFile(string kind) => Path.Combine(Path.GetTempPath(), $"cudarpc-cost-{Environment.ProcessId}.{kind}");
}
