using CudaRpc.Tracing;

namespace CudaRpc.Model;

/// <summary>
/// Where threads wait for each other, guessed from their calls: a thread's first call comes after what its creator had done, and a thread whose
/// pause ends when others have made their last call has waited for those. Locks between threads leave no trace.
/// </summary>
internal sealed class ThreadAnchors
{
    // A pause that others' ends do not explain is the program's own time.
    private const long ShortestJoin = 50_000;
    private const int JoinShare = 10;

    private readonly Trace _trace;
    private readonly List<int>[] _calls;

    private ThreadAnchors(Trace trace, List<int>[] calls) => (_trace, _calls) = (trace, calls);

    /// <summary>All that were found.</summary>
    public List<Anchor> All { get; } = [];

    /// <summary>For a call: its anchors in <see cref="All"/>, and how long after the last of them it began.</summary>
    public Dictionary<int, (int First, int Count, long After)> Of { get; } = [];

    /// <param name="trace">The program.</param>
    /// <param name="calls">For each thread its calls, as indices into the trace's.</param>
    public static ThreadAnchors Find(Trace trace, List<int>[] calls)
    {
        var anchors = new ThreadAnchors(trace, calls);
        foreach (IGrouping<int, int> process in Enumerable.Range(0, calls.Length).Where(thread => calls[thread].Count > 0).GroupBy(t => trace.Threads[t].Process))
        {
            int[] threads = [.. process.OrderBy(thread => anchors.First(thread).Begin)];
            for (int index = 1; index < threads.Length; index++)
            {
                anchors.Fork(threads[index], threads.AsSpan(..index));
            }

            foreach (int thread in threads.Length > 1 ? threads : [])
            {
                anchors.Joins(thread, threads);
            }
        }

        return anchors;
    }

    private TraceCall First(int thread) => _trace.Calls[_calls[thread][0]];

    private TraceCall Last(int thread) => _trace.Calls[_calls[thread][^1]];

    // Its creator is older. One that makes no call while the thread lives waits for it, and is a better guess than who called last.
    private void Fork(int thread, ReadOnlySpan<int> older)
    {
        TraceCall first = First(thread);
        (int Thread, int Call) best = default;
        long bestTime = -1;
        bool bestWaits = false;
        foreach (int other in older)
        {
            int before = LastBegunBefore(other, first.Begin);
            bool waits = before + 1 == _calls[other].Count || _trace.Calls[_calls[other][before + 1]].Begin >= Last(thread).End;
            waits &= _trace.Calls[_calls[other][before]].End <= first.Begin && Last(other).Begin >= Last(thread).End;
            long time = _trace.Calls[_calls[other][before]].Begin;
            if ((waits, time).CompareTo((bestWaits, bestTime)) > 0)
            {
                (best, bestTime, bestWaits) = ((other, _calls[other][before]), time, waits);
            }
        }

        TraceCall from = _trace.Calls[best.Call];
        bool atBegin = from.End > first.Begin;
        Of[_calls[thread][0]] = (All.Count, 1, first.Begin - (atBegin ? from.Begin : from.End));
        All.Add(new Anchor(best.Thread, best.Call, atBegin));
    }

    private void Joins(int thread, ReadOnlySpan<int> threads)
    {
        List<int> calls = _calls[thread];
        // The threads that end, in the order of their ends, along the calls of this one.
        int[] ending = [.. threads.ToArray().Where(other => other != thread).OrderBy(other => Last(other).End)];
        for (int call = 1, next = 0; call < calls.Count && next < ending.Length; call++)
        {
            long pause = _trace.Calls[calls[call - 1]].End, begin = _trace.Calls[calls[call]].Begin;
            int first = next;
            while (next < ending.Length && Last(ending[next]).End <= begin)
            {
                next++;
            }

            // Those that ended earlier, while this thread made calls, it may have joined at once.
            while (first < next && Last(ending[first]).End < pause)
            {
                first++;
            }

            long after = first < next ? begin - Last(ending[next - 1]).End : long.MaxValue;
            if (begin - pause >= ShortestJoin && after <= Math.Max(ShortestJoin, (begin - pause) / JoinShare))
            {
                Of[calls[call]] = (All.Count, next - first, after);
                All.AddRange(ending[first..next].Select(other => new Anchor(other, _calls[other][^1], AtBegin: false)));
            }
        }
    }

    // Older threads have begun a call before.
    private int LastBegunBefore(int thread, long time)
    {
        List<int> calls = _calls[thread];
        int low = 0, high = calls.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _trace.Calls[calls[middle]].Begin <= time ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
