namespace CudaRpc.Tracing;

/// <summary>
/// When posted calls returned of which that was not looked at: they took what the others of their thread and function took.
/// </summary>
internal static class PostDurations
{
    private const TraceMarks Kept = TraceMarks.Waited | TraceMarks.Woke;

    /// <summary>Completes calls that stand by their beginning.</summary>
    public static void Estimate(Span<TraceCall> calls)
    {
        Dictionary<(int Thread, int Function), List<long>> taken = [];
        foreach (ref readonly TraceCall call in calls)
        {
            // As ThreadTrace has it for those whose end it leaves open.
            if (call is { Class: TraceClass.Posted, BytesIn: 0, BytesOut: <= ThreadTrace.SmallPost, Result: 0 }
                && (call.Marks & (Kept | TraceMarks.Estimated)) == 0)
            {
                if (!taken.TryGetValue((call.Thread, call.Function), out List<long>? others))
                {
                    taken[(call.Thread, call.Function)] = others = [];
                }

                others.Add(call.End - call.Begin);
            }
        }

        Dictionary<(int Thread, int Function), long> middle =
            taken.ToDictionary(static pair => pair.Key, static pair => Middle(pair.Value));
        Dictionary<int, long> next = [];
        for (int index = calls.Length - 1; index >= 0; index--)
        {
            ref TraceCall call = ref calls[index];
            // One that a file of TraceFile.Write has keeps its end.
            if ((call.Marks & TraceMarks.Estimated) != 0 && call.End == call.Begin)
            {
                long end = call.Begin + middle.GetValueOrDefault((call.Thread, call.Function));
                call = call with { End = Math.Max(call.Begin, Math.Min(end, next.GetValueOrDefault(call.Thread, long.MaxValue))) };
            }

            next[call.Thread] = call.Begin;
        }
    }

    private static long Middle(List<long> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
