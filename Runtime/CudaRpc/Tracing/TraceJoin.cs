using System.Runtime.InteropServices;

namespace CudaRpc.Tracing;

/// <summary>Which frame of which session of which process; sequence 0 is none.</summary>
internal readonly record struct TraceKey(uint Instance, uint Session, ulong Sequence) : IComparable<TraceKey>
{
    public int CompareTo(TraceKey other) => Instance != other.Instance ? Instance.CompareTo(other.Instance)
        : Session != other.Session ? Session.CompareTo(other.Session)
        : Sequence.CompareTo(other.Sequence);
}

/// <summary>Puts calls and the times of their frames together, which stand apart in the file.</summary>
internal sealed class TraceJoin
{
    private readonly List<TraceCall> _calls = [];
    private readonly List<(TraceKey First, ulong Last)> _frames = [];
    private readonly List<Times> _times = [];

    public void Add(in TraceCall call, TraceKey first, ulong last)
    {
        _calls.Add(call);
        _frames.Add((first, last));
    }

    public void Add(TraceKey frame, long serverBegin, long serverEnd, long deviceBegin, long deviceEnd) =>
        _times.Add(new Times(frame, serverBegin, serverEnd, deviceBegin, deviceEnd));

    /// <summary>The calls by their beginning.</summary>
    public TraceCall[] Finish()
    {
        Span<Times> times = CollectionsMarshal.AsSpan(_times);
        times.Sort(static (left, right) => left.Frame.CompareTo(right.Frame));
        TraceCall[] calls = [.. _calls];
        for (int index = 0; index < calls.Length && times.Length > 0; index++)
        {
            (TraceKey first, ulong last) = _frames[index];
            if (first.Sequence != 0)
            {
                Complete(ref calls[index], times, first);
                if (last != first.Sequence)
                {
                    Complete(ref calls[index], times, first with { Sequence = last });
                }
            }
        }

        Array.Sort(calls, static (left, right) =>
            left.Begin != right.Begin ? left.Begin.CompareTo(right.Begin) : left.End.CompareTo(right.End));
        PostDurations.Estimate(calls);
        return calls;
    }

    // A frame may have several entries: the device's times come later than the server's.
    private static void Complete(ref TraceCall call, ReadOnlySpan<Times> times, TraceKey frame)
    {
        for (int index = LowerBound(times, frame); index < times.Length && times[index].Frame == frame; index++)
        {
            Times found = times[index];
            call = call with
            {
                ServerBegin = First(call.ServerBegin, found.ServerBegin),
                ServerEnd = Math.Max(call.ServerEnd, found.ServerEnd),
                DeviceBegin = First(call.DeviceBegin, found.DeviceBegin),
                DeviceEnd = Math.Max(call.DeviceEnd, found.DeviceEnd),
            };
        }
    }

    private static long First(long one, long other) => one < 0 ? other : other < 0 ? one : Math.Min(one, other);

    private static int LowerBound(ReadOnlySpan<Times> times, TraceKey frame)
    {
        int low = 0, high = times.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = times[middle].Frame.CompareTo(frame) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private readonly record struct Times(TraceKey Frame, long ServerBegin, long ServerEnd, long DeviceBegin, long DeviceEnd);
}
