using System.Runtime.InteropServices;

namespace CudaRpc.Simulator.Timing;

/// <summary>
/// How much of an engine is taken when. Work takes its share at the first time from which it is free for as long as the work lasts,
/// in the order in which work comes here. Not safe from several threads.
/// </summary>
internal sealed class Skyline(int capacity)
{
    // Steps before it looks which of them are over.
    private const int MostSteps = 1024;

    // From Time on, Used is taken, until the next step. The first one is the beginning of time, the last one has Used 0.
    private readonly List<Step> _steps = [new(long.MinValue, 0)];
    private readonly List<Piece> _pieces = [];
    private int _prunedAt = MostSteps;

    public int StepCount => _steps.Count;

    /// <summary>The time from which the share is the work's.</summary>
    /// <param name="ready">It begins no earlier.</param>
    /// <param name="duration">How long it needs its share.</param>
    /// <param name="share">How much it needs, at most the capacity.</param>
    /// <param name="now">What is over by then may be forgotten.</param>
    /// <param name="owner">Whose work it is.</param>
    public long Take(long ready, long duration, int share, long now, object owner)
    {
        if (duration <= 0)
        {
            return ready;
        }

        Prune(now);
        long begin = FirstFit(ready, duration, share);
        var piece = new Piece(begin, begin + duration, share, owner);
        _pieces.Add(piece);
        Raise(piece);
        return begin;
    }

    /// <summary>Frees what the owner's work has from now on. That of others stays where it is.</summary>
    public void GiveBack(object owner, long now)
    {
        for (int i = 0; i < _pieces.Count; i++)
        {
            if (_pieces[i].Owner == owner)
            {
                _pieces[i] = _pieces[i] with { End = Math.Min(_pieces[i].End, now) };
            }
        }

        _pieces.RemoveAll(static piece => piece.End <= piece.Begin);
        _steps.Clear();
        _steps.Add(new Step(long.MinValue, 0));
        _pieces.ForEach(Raise);
    }

    private void Raise(Piece piece)
    {
        int first = Split(piece.Begin);
        int last = Split(piece.End);
        Span<Step> steps = CollectionsMarshal.AsSpan(_steps);
        for (int i = first; i < last; i++)
        {
            steps[i].Used += piece.Share;
        }
    }

    private long FirstFit(long ready, long duration, int share)
    {
        long begin = ready;
        for (int i = IndexAt(ready); i < _steps.Count; i++)
        {
            if (_steps[i].Used + share > capacity)
            {
                // The last step is free, so there is a next one.
                begin = _steps[i + 1].Time;
            }
            else if (i + 1 < _steps.Count && _steps[i + 1].Time >= begin + duration)
            {
                break;
            }
        }

        return begin;
    }

    /// <summary>The step that begins at that time, made if need be.</summary>
    private int Split(long time)
    {
        int index = IndexAt(time);
        if (_steps[index].Time == time)
        {
            return index;
        }

        _steps.Insert(index + 1, new Step(time, _steps[index].Used));
        return index + 1;
    }

    // The last step that begins at that time or before. Most work comes at the end.
    private int IndexAt(long time)
    {
        if (_steps[^1].Time <= time)
        {
            return _steps.Count - 1;
        }

        int low = 0;
        int high = _steps.Count - 1;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            (low, high) = _steps[middle].Time <= time ? (middle, high) : (low, middle);
        }

        return low;
    }

    private void Prune(long now)
    {
        if (_steps.Count < _prunedAt)
        {
            return;
        }

        int over = IndexAt(now);
        _steps.RemoveRange(0, over);
        CollectionsMarshal.AsSpan(_steps)[0].Time = long.MinValue;
        _prunedAt = Math.Max(MostSteps, 2 * _steps.Count);
        _pieces.RemoveAll(piece => piece.End <= now);
    }

    private record struct Step(long Time, int Used);

    private readonly record struct Piece(long Begin, long End, int Share, object Owner);
}
