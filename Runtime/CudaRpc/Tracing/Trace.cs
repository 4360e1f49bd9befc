namespace CudaRpc.Tracing;

/// <summary>The driver calls of a program's run, as <c>cudarpc trace</c> recorded them.</summary>
/// <param name="Header">The run.</param>
/// <param name="Functions">Names of the functions that occur; <see cref="TraceCall.Function"/> is an index.</param>
/// <param name="Threads">Threads that made calls; <see cref="TraceCall.Thread"/> is an index.</param>
/// <param name="Calls">Every call, by <see cref="TraceCall.Begin"/>; one thread's calls do not overlap.</param>
/// <param name="Problems">What is missing or was not understood, for people; empty for a trace that is whole.</param>
public sealed record Trace(
    TraceHeader Header, IReadOnlyList<string> Functions, IReadOnlyList<TraceThread> Threads, IReadOnlyList<TraceCall> Calls,
        IReadOnlyList<string> Problems)
{
    /// <summary>From the first call's beginning to the last one's end, nanoseconds; 0 without calls.</summary>
    public long Duration => Calls.Count == 0 ? 0 : Calls.Max(static call => call.End) - Calls[0].Begin;

    /// <summary>The call's function.</summary>
    public string NameOf(in TraceCall call) => Functions[call.Function];
}
