namespace CudaRpc.Transport.Emulation;

/// <summary>
/// One direction of an emulated link: says when bytes that are sent now arrive. Bytes go onto the link one after the other at its
/// bandwidth, and are on their way for half the round trip. Times are in ticks of any clock. One caller at a time.
/// </summary>
/// <param name="ticksPerByte">0 for infinite bandwidth.</param>
/// <param name="delay">Of each byte.</param>
/// <param name="jitter">Added to or taken from the delay, evenly spread.</param>
/// <param name="seed">Of the jitter.</param>
internal sealed class LinkDirection(double ticksPerByte, long delay, long jitter, int seed)
{
    private readonly Random _random = new(seed);
    private double _freeAt;
    private long _lastArrival;

    /// <summary>How long the link is still busy with what was sent.</summary>
    public long Backlog(long now) => (long)Math.Max(0, _freeAt - now);

    /// <summary>Sends <paramref name="bytes"/> and returns when the last of them arrives.</summary>
    public long Send(long now, int bytes)
    {
        _freeAt = Math.Max(now, _freeAt) + (bytes * ticksPerByte);
        long shift = jitter == 0 ? 0 : _random.NextInt64(-jitter, jitter + 1);
        _lastArrival = Math.Max(_lastArrival, (long)_freeAt + Math.Max(0, delay + shift));
        return _lastArrival;
    }
}
