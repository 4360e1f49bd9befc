using System.Net.Sockets;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// <see cref="Connection"/> over two rings in memory that both ends share. Two Unix sockets carry nothing but bells: the one that the
/// ends met at for bytes that have arrived, the other for room. Each has one sleeper at each end, so no ring is taken by somebody else's.
/// </summary>
internal sealed unsafe class SharedMemoryConnection : Connection
{
    private readonly SharedSegment _segment;
    private readonly Doorbell _arrivals;
    private readonly Doorbell _room;
    private readonly RingWriter _writer;
    private readonly RingReader _reader;
    private readonly int _out;
    private long _lookedForPeer;
    private volatile bool _closed;

    /// <summary>Takes over what it is given.</summary>
    public SharedMemoryConnection(SharedSegment segment, Socket arrivals, Socket room, bool isServer, string peer)
    {
        Peer = peer;
        _segment = segment;
        _arrivals = new Doorbell(arrivals, peer);
        _room = new Doorbell(room, peer);
        _out = isServer ? 1 : 0;
        _writer = new RingWriter(segment.Words(_out), segment.Ring(_out), segment.RingCapacity, _arrivals, _room, peer);
        _reader = new RingReader(segment.Words(1 - _out), segment.Ring(1 - _out), segment.RingCapacity, _arrivals, _room, peer);
    }

    public override string Peer { get; }

    public override long Deadline { get; set; } = long.MaxValue;

    /// <summary>The memory, for tests of what a peer may do to it.</summary>
    internal SharedSegment Segment => _segment;

    public override void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        bool held = Enter();
        try
        {
            ThrowIfClosed();
            _writer.Write(first, Deadline);
            _writer.Write(second, Deadline);
            _writer.Publish();
        }
        finally
        {
            Leave(held);
        }
    }

    public override int TrySend(ReadOnlySpan<byte> bytes)
    {
        bool held = Enter();
        try
        {
            ThrowIfClosed();
            ThrowIfGone();
            int sent = _writer.TryWrite(bytes);
            _writer.Publish();
            return sent;
        }
        finally
        {
            Leave(held);
        }
    }

    public override int Receive(Span<byte> destination)
    {
        bool held = Enter();
        try
        {
            return _reader.Read(destination, Deadline);
        }
        finally
        {
            Leave(held);
        }
    }

    public override int TryReceive(Span<byte> destination)
    {
        bool held = Enter();
        try
        {
            return _reader.TryRead(destination);
        }
        finally
        {
            Leave(held);
        }
    }

    public override bool IsInPlace => true;

    public override byte* Peek(int wanted, out int there)
    {
        bool held = Enter();
        try
        {
            return _reader.Peek(wanted, Deadline, out there);
        }
        finally
        {
            Leave(held);
        }
    }

    public override void Advance(int bytes)
    {
        bool held = Enter();
        try
        {
            _reader.Advance(bytes);
        }
        finally
        {
            Leave(held);
        }
    }

    public override byte* Reserve(int before, int wanted, out int room)
    {
        bool held = Enter();
        try
        {
            ThrowIfClosed();
            return _writer.Reserve(before, wanted, Deadline, out room);
        }
        finally
        {
            Leave(held);
        }
    }

    public override void Commit(ReadOnlySpan<byte> before, int bytes)
    {
        bool held = Enter();
        try
        {
            _writer.Commit(before, bytes);
        }
        finally
        {
            Leave(held);
        }
    }

    public override void Abort()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        try
        {
            bool held = Enter();
            // A peer that spins or writes reads it here. After all that was published, so the peer reads that first.
            Interlocked.Exchange(ref _segment.Words(_out)->Producer, RingState.Closed);
            Interlocked.Exchange(ref _segment.Words(1 - _out)->Consumer, RingState.Closed);
            Leave(held);
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        _arrivals.Shutdown();
        _room.Shutdown();
    }

    public override void Dispose()
    {
        Abort();
        _arrivals.Dispose();
        _room.Dispose();
        _segment.Dispose();
    }

    // The memory stays mapped while a thread is inside, though another disposes the connection.
    private bool Enter()
    {
        bool held = false;
        _segment.DangerousAddRef(ref held);
        return held;
    }

    private void Leave(bool held)
    {
        if (held)
        {
            _segment.DangerousRelease();
        }
    }

    // A peer that was killed has not said that it closes, and who only posts never waits for it. Looked for once a tick of the clock: it
    // is a system call.
    private void ThrowIfGone()
    {
        long now = Environment.TickCount64;
        if (now == _lookedForPeer)
        {
            return;
        }

        _lookedForPeer = now;
        if (_room.IsGone())
        {
            throw new IOException($"{Peer} has gone");
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new IOException($"the connection to {Peer} has been closed");
        }

        _writer.ThrowIfClosed();
    }
}
