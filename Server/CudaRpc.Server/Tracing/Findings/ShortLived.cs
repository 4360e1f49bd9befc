using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Objects that are ended as soon as they have been created.</summary>
internal sealed class ShortLived() : FindingRule("short-lived", least: 2)
{
    // Calls of a thread between an object's creation and its end.
    private const int Close = 4;

    private readonly Dictionary<int, List<(string Kind, int Stream, int Event, long At, int RoundTrips, TimeSplit Split, bool Waits)>>
        _created = [];
    private readonly Dictionary<int, long> _calls = [];

    protected override string Why => "What had just been created was ended";

    protected override string Advice => "Keep the object and use it again.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        long at = _calls[call.Thread] = _calls.GetValueOrDefault(call.Thread) + 1;
        if (function.Creates is string created)
        {
            if (!_created.TryGetValue(call.Thread, out var mine))
            {
                _created.Add(call.Thread, mine = []);
            }

            mine.RemoveAll(entry => at - entry.At > Close);
            mine.Add((created, call.Stream, call.Event, at, call.RoundTrips, split, Waits(call)));
        }
        else if (function.Ends is string ended && _created.TryGetValue(call.Thread, out var mine))
        {
            (int stream, int recorded) = (call.Stream, call.Event);
            int found = mine.FindLastIndex(entry =>
                entry.Kind == ended && at - entry.At <= Close && IsSame(entry.Stream, stream) && IsSame(entry.Event, recorded));
            if (found >= 0)
            {
                if (mine[found].Waits || Waits(call))
                {
                    Count(call, split, function);
                    Add(mine[found].RoundTrips, mine[found].Split);
                }

                mine.RemoveAt(found);
            }
        }
    }

    // Zero says that the trace does not know.
    private static bool IsSame(int left, int right) => left == right || left == 0 || right == 0;
}
