namespace CudaRpc.Model;

/// <summary>What a session has sent that the server has not made yet, in steps of some bytes.</summary>
internal sealed class SendWindow
{
    private const long Grain = 64 << 10;

    private readonly Queue<(long Sent, long Made)> _marks = new();
    private long _sent;
    private long _marked;

    /// <summary>Bytes that the server will have dealt with at <paramref name="made"/>.</summary>
    public void Add(long bytes, long made)
    {
        _sent += bytes;
        if (_sent - _marked >= Grain)
        {
            _marks.Enqueue((_sent, made));
            _marked = _sent;
        }
    }

    /// <summary>When no more than <paramref name="bound"/> bytes are under way.</summary>
    public long Below(long bound)
    {
        long when = 0;
        while (_marks.TryPeek(out (long Sent, long Made) mark) && _sent - mark.Sent >= bound)
        {
            when = mark.Made;
            _marks.Dequeue();
        }

        return when;
    }
}
