namespace CudaRpc.Tracing;

/// <summary>Small numbers for the streams and events of a process. A handle that was destroyed gets another when it comes back.</summary>
internal sealed class TraceHandles
{
    private readonly Lock _lock = new();
    private readonly Dictionary<nint, int> _streams = [];
    private readonly Dictionary<nint, int> _events = [];
    private int _lastStream;
    private int _lastEvent;
    private int _version;

    /// <summary>Changes when a number that somebody keeps may have become another handle's.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>The number of a stream, from 1.</summary>
    public int OfStream(nint stream) => Of(_streams, stream, ref _lastStream);

    /// <summary>The number of an event, from 1.</summary>
    public int OfEvent(nint @event) => Of(_events, @event, ref _lastEvent);

    /// <summary>A number for a stream that has no handle of its own.</summary>
    public int NewStream() => Interlocked.Increment(ref _lastStream);

    /// <summary>The stream is no more.</summary>
    public void ForgetStream(nint stream) => Forget(_streams, stream);

    /// <summary>The event is no more.</summary>
    public void ForgetEvent(nint @event) => Forget(_events, @event);

    private int Of(Dictionary<nint, int> numbers, nint handle, ref int last)
    {
        lock (_lock)
        {
            if (!numbers.TryGetValue(handle, out int number))
            {
                number = Interlocked.Increment(ref last);
                numbers[handle] = number;
            }

            return number;
        }
    }

    private void Forget(Dictionary<nint, int> numbers, nint handle)
    {
        lock (_lock)
        {
            if (numbers.Remove(handle))
            {
                Volatile.Write(ref _version, _version + 1);
            }
        }
    }
}
