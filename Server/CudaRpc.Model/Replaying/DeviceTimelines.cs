namespace CudaRpc.Model;

/// <summary>
/// The device of one process: each stream does its work in order, work of the default stream comes after all others' and before theirs.
/// Numbers of streams and events are the trace's.
/// </summary>
internal sealed class DeviceTimelines(int streams, int events)
{
    private readonly long[] _free = new long[streams];
    private readonly long[] _events = new long[events];
    private long _last;
    private long _default;

    /// <summary>Work that the device gets at <paramref name="at"/>; when it is done.</summary>
    public long Work(int stream, long at, long cost)
    {
        long begin = Math.Max(at, Free(stream));
        return Occupy(stream, begin + cost);
    }

    /// <summary>When the stream has done all that it has.</summary>
    public long Free(int stream) => stream == 0 ? _last : Math.Max(_free[stream], _default);

    /// <summary>The stream has work until <paramref name="until"/>.</summary>
    public long Occupy(int stream, long until)
    {
        _free[stream] = until;
        _default = stream == 0 ? until : _default;
        _last = Math.Max(_last, until);
        return until;
    }

    public long FreeOfAll() => _last;

    public void Record(int @event, int stream) => _events[@event] = Free(stream);

    public void Wait(int stream, int @event) => _free[stream] = Math.Max(_free[stream], _events[@event]);

    public long DoneOf(int @event) => _events[@event];
}
