using CudaRpc.Protocol;

namespace CudaRpc.Server;

// When calls were made, for a client that records them.
internal sealed unsafe partial class ServerLane
{
    // When the driver returned, whether that was the last frame's call, and whether the next one was there already and its turn come.
    private long _lastEnd;
    private bool _hasEnded;
    private bool _isNext;

    /// <summary>
    /// When the driver is called: now, or where calls follow each other without a pause the last one's end, which saves a look at the
    /// clock. It is early by what decoding takes, some 0.1 us.
    /// </summary>
    public long BeginTime => _isNext ? _lastEnd : SessionTrace.Now;

    /// <summary>The driver has returned.</summary>
    public long EndTime()
    {
        (_isNext, _hasEnded) = (false, true);
        return _lastEnd = SessionTrace.Now;
    }

    private bool Next(out FrameHeader header)
    {
        if (Session.Trace is not { Device: null })
        {
            return _reader!.Read(out header);
        }

        long received = _reader!.BytesReceived;
        bool read = _reader.Read(out header);
        _isNext = read && received == _reader.BytesReceived && (header.Flags & FrameFlags.Posted) != 0 && header.BulkLength == 0
            && _hasEnded && Session.Gate.IsTurn(header.Sequence);
        _hasEnded = false;
        return read;
    }
}
