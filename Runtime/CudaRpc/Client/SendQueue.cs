using System.Runtime.InteropServices;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

/// <summary>
/// What a lane has to send: bytes that are being queued, under the session's order, and bytes that are on their way, under the lane's send lock; they are
/// exchanged under both. In cache lines of its own: any thread may queue, and the lane's thread is not to notice.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct SendQueue(int capacity, int maximum)
{
    [FieldOffset(128)]
    private ByteBuffer _queue = new(capacity, maximum);

    [FieldOffset(136)]
    private ByteBuffer _sending = new(capacity, maximum);

    // Bytes of both that have not left, for the pump, which looks without a lock.
    [FieldOffset(144)]
    private int _queued;

    [FieldOffset(148)]
    private int _unsent;

    // Bytes of _sending that have left.
    [FieldOffset(152)]
    private int _sent;

    // Here, where whoever queues has the line anyway, and not beside what the lane's own thread writes with every call.
    [FieldOffset(156)]
    private bool _isClosed;

    // Bytes that have never been in either.
    [FieldOffset(160)]
    private long _posted;

    /// <summary>Whether nothing but the lane's goodbye gets a number any more. Under the session's order.</summary>
    public readonly bool IsClosed => _isClosed;

    /// <summary>Where to queue. <see cref="Announce"/> what was written.</summary>
    public readonly ByteBuffer Queue => _queue;

    /// <summary>Bytes that have yet to leave before any that are queued.</summary>
    public readonly ReadOnlySpan<byte> Rest => _sending.Written[_sent..];

    /// <summary>Whether nothing waits. Needs no lock.</summary>
    public readonly bool IsEmpty => Volatile.Read(in _queued) == 0 && Volatile.Read(in _unsent) == 0;

    /// <summary>Bytes of posted frames that did not have to be queued.</summary>
    public readonly long BytesPosted => Volatile.Read(in _posted);

    public void Close() => _isClosed = true;

    public void Announce() => Volatile.Write(ref _queued, _queue.Length);

    /// <summary>Under the session's order: a frame did not have to be queued.</summary>
    public void CountPosted(int bytes) => Volatile.Write(ref _posted, _posted + bytes);

    /// <summary>What is queued is next to leave. Only where nothing else is on its way.</summary>
    public void Swap()
    {
        (_queue, _sending) = (_sending, _queue);
        // Never both zero while something waits: the pump would sleep.
        Volatile.Write(ref _unsent, _sending.Length);
        Volatile.Write(ref _queued, 0);
    }

    public void CountSent(int sent)
    {
        _sent += sent;
        if (_sent == _sending.Length)
        {
            _sending.Clear();
            _sent = 0;
        }

        Volatile.Write(ref _unsent, _sending.Length - _sent);
    }
}
