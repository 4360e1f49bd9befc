using System.Runtime.InteropServices;

namespace CudaRpc.Model;

/// <summary>Work that a recorded program has given the device of one process and that is not known to be done.</summary>
internal sealed class PendingWork
{
    private readonly Dictionary<int, Chain> _streams = [];
    private readonly Dictionary<int, Mark> _events = [];

    /// <summary>When the server has made the posted calls so far.</summary>
    public long ServerFree { get; set; }

    /// <summary>Work whose end was recorded.</summary>
    public void Known(int stream, long end)
    {
        Chain chain = ChainOf(stream);
        chain.Done = Math.Max(chain.Done, end);
    }

    /// <summary>Work that may take any time, or, where that <paramref name="isFixed"/>, the device's cost so far.</summary>
    public void Unknown(int stream, int call, long submitted, bool isFixed)
    {
        Chain chain = ChainOf(stream);
        chain.Work.Add(new Item(call, submitted, isFixed));
        chain.Submitted++;
    }

    public void Record(int @event, int stream) => _events[@event] = new Mark(stream, ChainOf(stream).Submitted, ChainOf(stream).Done);

    /// <summary>When what was recorded of the event's stream before it was done; null where nothing was.</summary>
    public long? DoneOfEvent(int @event) => _events.TryGetValue(@event, out Mark mark) && mark.Done > 0 ? mark.Done : null;

    public long? DoneOfStream(int stream) => stream == 0 ? DoneOfAll() : ChainOf(stream).Done is > 0 and long done ? done : null;

    public long? DoneOfAll() => _streams.Count > 0 && _streams.Values.Max(chain => chain.Done) is > 0 and long done ? done : null;

    /// <summary>What the event comes after.</summary>
    public List<Chain> TakeEvent(int @event)
    {
        if (!_events.TryGetValue(@event, out Mark mark))
        {
            return [];
        }

        Chain chain = ChainOf(mark.Stream);
        int count = (int)Math.Max(0, chain.Work.Count - (chain.Submitted - mark.Submitted));
        return count == 0 ? [] : [chain.Take(count)];
    }

    /// <summary>What the stream has to do; the default stream comes after all others.</summary>
    public List<Chain> TakeStream(int stream) => stream == 0 ? TakeAll() : [ChainOf(stream).Take(ChainOf(stream).Work.Count)];

    public List<Chain> TakeAll() => [.. _streams.Values.Select(chain => chain.Take(chain.Work.Count))];

    /// <summary>Makes the work so long that the last of it ends at <paramref name="done"/>; without one nothing is known, and it takes no time.</summary>
    /// <returns>Whether there was any of unknown length.</returns>
    public static bool Solve(List<Chain> chains, long? done, long[] device)
    {
        // Each item takes the same time, the longest with which no chain is late.
        double each = double.PositiveInfinity;
        foreach (Chain chain in chains)
        {
            long fixedAfter = 0, items = 0;
            for (int index = chain.Work.Count - 1; index >= 0 && done is not null; index--)
            {
                Item item = chain.Work[index];
                fixedAfter += item.IsFixed ? device[item.Call] : 0;
                items += item.IsFixed ? 0 : 1;
                if (items > 0)
                {
                    each = Math.Min(each, (double)Math.Max(0, done.Value - fixedAfter - Math.Max(item.Submitted, chain.Floor)) / items);
                }
            }
        }

        bool any = !double.IsInfinity(each);
        foreach (Chain chain in chains)
        {
            chain.Source!.Floor = Math.Max(chain.Source.Floor, done ?? 0);
            foreach (Item item in chain.Work)
            {
                device[item.Call] = item.IsFixed || !any ? device[item.Call] : (long)each;
            }
        }

        return any;
    }

    private Chain ChainOf(int stream)
    {
        ref Chain? chain = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out _);
        return chain ??= new Chain();
    }

    internal readonly record struct Item(int Call, long Submitted, bool IsFixed);

    /// <summary>Work of a stream, in order.</summary>
    internal sealed class Chain
    {
        public List<Item> Work { get; private init; } = [];

        public long Submitted { get; set; }

        /// <summary>When the last work with recorded times was done.</summary>
        public long Done { get; set; }

        /// <summary>Before this the work cannot have begun.</summary>
        public long Floor { get; set; }

        /// <summary>Of what it was the beginning.</summary>
        public Chain? Source { get; private init; }

        public Chain Take(int count)
        {
            var taken = new Chain { Work = Work[..count], Floor = Floor, Source = this };
            Work.RemoveRange(0, count);
            return taken;
        }
    }

    private readonly record struct Mark(int Stream, long Submitted, long Done);
}
