using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;

namespace CudaRpc.Model;

/// <summary>
/// Predicts what a traced program takes over networks: its calls are replayed over a modelled link, server and device. Not thread-safe; the same
/// questions have the same answers.
/// </summary>
public sealed class ProgramModel
{
    private static readonly NetworkConditions s_free = new(TimeSpan.Zero, double.PositiveInfinity, TimeSpan.Zero);
    private static readonly (Causes Cause, string Name)[] s_resources =
    [
        (Causes.Latency, "latency"), (Causes.BytesOut, "bytes out"), (Causes.BytesIn, "bytes in"), (Causes.Server, "server"), (Causes.Device, "device"),
        (Causes.Program, "program"),
    ];

    private readonly Trace _trace;
    private readonly ModelCosts _costs;
    private readonly ProgramSteps _steps;
    private readonly ReplayResult _free;

    private ProgramModel(Trace trace, ModelCosts costs, Techniques without)
    {
        (_trace, _costs) = (trace, costs);
        _steps = ProgramSteps.Of(trace, costs, without);
        _free = Run(s_free);
    }

    /// <summary>What the program takes over a network without round trips and with endless bandwidth, nanoseconds.</summary>
    public long FreeTime => _free.Time;

    /// <param name="trace">What the program did.</param>
    /// <param name="costs">What calls cost beside the network.</param>
    /// <param name="without">What to leave out.</param>
    /// <exception cref="FormatException">The trace has nothing to predict, or contradicts itself.</exception>
    public static ProgramModel Of(Trace trace, ModelCosts costs, Techniques without = Techniques.None)
    {
        if (trace.Calls.Count == 0)
        {
            throw new FormatException("the trace has no calls: there is nothing to predict");
        }

        for (int index = 0; index < trace.Calls.Count; index++)
        {
            TraceCall call = trace.Calls[index];
            bool isSane = (uint)call.Thread < trace.Threads.Count && (uint)call.Function < trace.Functions.Count && call.Begin >= 0 && call.End >= call.Begin
                && call is { BytesOut: >= 0, BytesIn: >= 0, BytesSaved: >= 0, RoundTrips: >= 0, Stream: >= 0, Event: >= 0 }
                && (index == 0 || call.Begin >= trace.Calls[index - 1].Begin);
            if (!isSane)
            {
                throw new FormatException($"the trace is damaged: call {index} cannot be");
            }
        }

        return new ProgramModel(trace, costs, without);
    }

    /// <summary>Nanoseconds that the program takes over <paramref name="network"/>.</summary>
    public long Time(NetworkConditions network) => Run(network).Time;

    /// <summary>The same, and why.</summary>
    public Prediction Predict(NetworkConditions network)
    {
        ReplayResult whole = Run(network);
        ReplayResult latency = Run(network, Causes.BytesOut | Causes.BytesIn);
        long withoutIn = Run(network, Causes.BytesIn).Time;
        return new Prediction(
            whole.Time, _trace.Duration, _free.Time, ClosedFormula.Time(_trace, network), latency.Time - _free.Time, withoutIn - latency.Time,
            whole.Time - withoutIn, ByCall(latency))
        {
            Critical = s_resources.MinBy(resource => Run(network, resource.Cause).Time).Name,
        };
    }

    // Threads may wait at the same time: what the run takes longer is shared out by what the calls do.
    private List<CallLatency> ByCall(ReplayResult latency)
    {
        long[] more = [.. latency.InCalls.Zip(_free.InCalls, (far, near) => Math.Max(0, far - near))];
        double share = Math.Max(0, latency.Time - _free.Time) / Math.Max(1.0, more.Sum());
        return [.. Enumerable.Range(0, more.Length)
            .Where(function => latency.Calls[function] > 0)
            .Select(function => new CallLatency(_trace.Functions[function], latency.Calls[function], (long)(more[function] * share)))
            .OrderByDescending(call => call.Time)];
    }

    private ReplayResult Run(NetworkConditions network, Causes free = Causes.None) => Replay.Run(_steps, _trace.Functions.Count, _costs, network, free);
}
