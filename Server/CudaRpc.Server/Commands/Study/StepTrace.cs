using CudaRpc.Tracing;

namespace CudaRpc.Server.Commands.Study;

/// <summary>Parts of the trace of a workload whose steps each have one wait for a stream, at their end.</summary>
internal static class StepTrace
{
    private const string StepEnd = "cuStreamSynchronize";

    /// <summary>The consecutive steps that took the shortest time: what else ran on the machine disturbed them least.</summary>
    /// <exception cref="InvalidOperationException">The trace has not that many steps.</exception>
    public static Trace LeastDisturbed(Trace trace, int steps)
    {
        int[] ends = [.. Enumerable.Range(0, trace.Calls.Count).Where(index => trace.NameOf(trace.Calls[index]) == StepEnd)];
        if (ends.Length <= steps)
        {
            throw new InvalidOperationException($"the trace has {ends.Length} steps, {steps + 1} are needed");
        }

        int first = Enumerable.Range(0, ends.Length - steps).MinBy(step => trace.Calls[ends[step + steps]].End - trace.Calls[ends[step]].End);
        return Part(trace, ends[first] + 1, ends[first + steps] + 1);
    }

    /// <summary>What comes before the first step: all calls before the first copy or kernel.</summary>
    public static Trace Start(Trace trace) => Part(trace, 0, Enumerable.Range(0, trace.Calls.Count)
        .First(index => trace.NameOf(trace.Calls[index]) is { } name && (name.StartsWith("cuMemcpy", StringComparison.Ordinal) || name == "cuLaunchKernel")));

    private static Trace Part(Trace trace, int from, int to) => trace with { Calls = [.. trace.Calls.Skip(from).Take(to - from)] };
}
