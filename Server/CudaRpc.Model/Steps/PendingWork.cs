namespace CudaRpc.Model;

/// <summary>
/// Work that a recorded program has given the device of one process and that is not known to be done. Once that is known, each piece is made so
/// long that the last ends then: all the same, except copies, whose bytes say how long they take.
/// </summary>
/// <param name="streams">Streams of the trace.</param>
/// <param name="events">Events of the trace.</param>
/// <param name="device">For each call of the trace what it costs the device; filled in.</param>
internal sealed class PendingWork(int streams, int events, long[] device)
{
    private const int Halvings = 40;

    private readonly Moments _streams = new(streams);
    private readonly Moments _events = new(events);

    // Of work whose times were recorded.
    private readonly long[] _known = new long[streams];
    private readonly long[] _knownEvents = new long[events];
    private long _knownOfAll;
    private List<Item> _items = [];

    /// <summary>When the server has made the posted calls so far.</summary>
    public long ServerFree { get; set; }

    /// <summary>Work whose end was recorded.</summary>
    public void Known(int stream, long end)
    {
        _known[stream] = Math.Max(_known[stream], end);
        _knownOfAll = Math.Max(_knownOfAll, end);
    }

    /// <summary>Work that may take any time, or, where that <paramref name="isFixed"/>, the device's cost so far.</summary>
    public void Unknown(int stream, int call, long submitted, bool isFixed) =>
        _items.Add(new Item(isFixed ? ItemKind.Fixed : ItemKind.Unknown, stream, 0, call, submitted));

    public void Record(int @event, int stream)
    {
        _knownEvents[@event] = _known[stream];
        _items.Add(new Item(ItemKind.Record, stream, @event, -1, 0));
    }

    public void Wait(int stream, int @event)
    {
        _known[stream] = Math.Max(_known[stream], _knownEvents[@event]);
        _items.Add(new Item(ItemKind.Wait, stream, @event, -1, 0));
    }

    /// <summary>When the recorded work that the event comes after was done; 0 where there is none.</summary>
    public long KnownOfEvent(int @event) => _knownEvents[@event];

    public long KnownOfStream(int stream) => stream == 0 ? _knownOfAll : _known[stream];

    public long KnownOfAll() => _knownOfAll;

    /// <summary>What the event comes after is done at <paramref name="done"/>, or was before anybody asked.</summary>
    /// <returns>Whether there was work that explains it.</returns>
    public bool EventIsDone(int @event, long? done)
    {
        int record = _items.FindLastIndex(item => item.Kind == ItemKind.Record && item.Event == @event);
        return record >= 0 && IsDone(record, _items[record].Stream, all: false, done);
    }

    /// <summary>The same of a stream; the default stream comes after all others.</summary>
    public bool StreamIsDone(int stream, long? done) => IsDone(_items.Count - 1, stream, all: stream == 0, done);

    /// <summary>The same of everything.</summary>
    public bool AllIsDone(long? done) => IsDone(_items.Count - 1, 0, all: true, done);

    // What the last item, of that stream, comes after.
    private bool IsDone(int last, int stream, bool all, long? done)
    {
        List<Item> taken = Take(last, stream, all);
        bool any = done is not null && taken.Exists(static item => item.Kind == ItemKind.Unknown);
        double each = 0;
        if (any)
        {
            double longest = Math.Max(0, done!.Value - taken.First(static item => item.Kind == ItemKind.Unknown).Submitted);
            for ((double low, double high) = (0, longest); ;)
            {
                each = (low + high) / 2;
                (low, high) = End(taken, each) > done ? (low, each) : (each, high);
                if (high - low < longest / (1L << Halvings) || high - low < 0.01)
                {
                    break;
                }
            }
        }

        End(taken, each);
        Keep(taken, (long)each);
        return any;
    }

    // Takes what the last item needs out of what is to be done.
    private List<Item> Take(int last, int stream, bool all)
    {
        var taken = new List<Item>();
        var left = new List<Item>();
        var until = new Dictionary<int, int> { [stream] = last };
        int untilAll = all ? last : -1;
        for (int index = _items.Count - 1; index >= 0; index--)
        {
            Item item = _items[index];
            bool isNeeded = index <= untilAll || (until.TryGetValue(item.Stream, out int limit) && index <= limit);
            (isNeeded ? taken : left).Add(item);
            if (isNeeded && item.Kind == ItemKind.Wait)
            {
                int record = _items.FindLastIndex(index, other => other.Kind == ItemKind.Record && other.Event == item.Event);
                if (record >= 0)
                {
                    int other = _items[record].Stream;
                    until[other] = Math.Max(until.GetValueOrDefault(other, -1), record);
                }
            }

            // The rules of the default stream.
            if (isNeeded && item.Stream == 0)
            {
                untilAll = Math.Max(untilAll, index);
            }
            else if (isNeeded)
            {
                until[0] = Math.Max(until.GetValueOrDefault(0, -1), index);
            }
        }

        taken.Reverse();
        left.Reverse();
        _items = left;
        return taken;
    }

    // When the last is done where each takes so long.
    private double End(List<Item> items, double each)
    {
        _streams.Forget();
        _events.Forget();
        double last = 0, free = 0;
        foreach (Item item in items)
        {
            double begin = item.Stream == 0 ? last : Math.Max(_streams[item.Stream], free);
            switch (item.Kind)
            {
                case ItemKind.Record:
                    _events[item.Event] = begin;
                    continue;
                case ItemKind.Wait:
                    _streams[item.Stream] = Math.Max(_streams[item.Stream], _events[item.Event]);
                    continue;
            }

            double end = Math.Max(begin, item.Submitted) + (item.Kind == ItemKind.Fixed ? device[item.Call] : each);
            _streams[item.Stream] = end;
            free = item.Stream == 0 ? end : free;
            last = Math.Max(last, end);
        }

        return last;
    }

    private void Keep(List<Item> items, long each)
    {
        _streams.Keep();
        _events.Keep();
        foreach (Item item in items)
        {
            if (item.Kind == ItemKind.Unknown)
            {
                device[item.Call] = each;
            }
        }
    }

    private enum ItemKind
    {
        Unknown,
        Fixed,
        Record,
        Wait,
    }

    private readonly record struct Item(ItemKind Kind, int Stream, int Event, int Call, long Submitted);

    /// <summary>A time for each stream or event; what is written lasts until <see cref="Forget"/>, unless it is kept.</summary>
    private sealed class Moments(int count)
    {
        private readonly double[] _kept = new double[count];
        private readonly double[] _tried = new double[count];
        private readonly int[] _trial = new int[count];
        private readonly List<int> _touched = [];
        private int _current = 1;

        public double this[int index]
        {
            get => _trial[index] == _current ? _tried[index] : _kept[index];
            set
            {
                if (_trial[index] != _current)
                {
                    _trial[index] = _current;
                    _touched.Add(index);
                }

                _tried[index] = value;
            }
        }

        public void Forget()
        {
            _current++;
            _touched.Clear();
        }

        public void Keep() => _touched.ForEach(index => _kept[index] = _tried[index]);
    }
}
