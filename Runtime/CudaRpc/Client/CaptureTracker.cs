namespace CudaRpc.Client;

/// <summary>
/// Which streams of a session are being captured, as far as the client's own calls tell: a copy or a function of the program must then become a
/// node that refers to the program's memory, not be done. Costs nothing while nothing is captured. Any thread.
/// </summary>
internal sealed class CaptureTracker
{
    // Guards the tables.
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, object> _streams = [];
    private readonly Dictionary<nint, object> _events = [];
    private int _count;

    /// <summary>Whether nothing is being captured.</summary>
    public bool IsIdle => Volatile.Read(ref _count) == 0;

    /// <summary>A capture began in the calling thread's <paramref name="stream"/>.</summary>
    public void Begin(nint stream, nint context)
    {
        lock (_lock)
        {
            _streams[Key.Of(stream, context)] = new object();
            Volatile.Write(ref _count, _streams.Count);
        }
    }

    /// <summary>The capture that the stream takes part in has ended, in whatever way.</summary>
    public void End(nint stream, nint context)
    {
        lock (_lock)
        {
            if (!_streams.TryGetValue(Key.Of(stream, context), out object? capture))
            {
                return;
            }

            foreach (Key member in _streams.Where(entry => entry.Value == capture).Select(static entry => entry.Key).ToArray())
            {
                _streams.Remove(member);
            }

            foreach (nint mark in _events.Where(entry => entry.Value == capture).Select(static entry => entry.Key).ToArray())
            {
                _events.Remove(mark);
            }

            Volatile.Write(ref _count, _streams.Count);
        }
    }

    public bool IsCaptured(nint stream, nint context)
    {
        if (IsIdle)
        {
            return false;
        }

        lock (_lock)
        {
            return _streams.ContainsKey(Key.Of(stream, context));
        }
    }

    /// <summary>An event was recorded: in a captured stream it belongs to the capture.</summary>
    public void Record(nint mark, nint stream, nint context)
    {
        if (IsIdle)
        {
            return;
        }

        lock (_lock)
        {
            if (_streams.TryGetValue(Key.Of(stream, context), out object? capture))
            {
                _events[mark] = capture;
            }
            else
            {
                _events.Remove(mark);
            }
        }
    }

    /// <summary>A stream that waits for an event of a capture takes part in it.</summary>
    public void Wait(nint stream, nint mark, nint context)
    {
        if (IsIdle)
        {
            return;
        }

        lock (_lock)
        {
            if (_events.TryGetValue(mark, out object? capture) && _streams.TryAdd(Key.Of(stream, context), capture))
            {
                Volatile.Write(ref _count, _streams.Count);
            }
        }
    }

    // The per-thread default stream is one for each thread and context.
    private readonly record struct Key(nint Stream, nint Context, int Thread)
    {
        private const nint PerThread = 2;

        public static Key Of(nint stream, nint context) =>
            stream == PerThread ? new Key(stream, context, Environment.CurrentManagedThreadId) : new Key(stream, 0, 0);
    }
}
