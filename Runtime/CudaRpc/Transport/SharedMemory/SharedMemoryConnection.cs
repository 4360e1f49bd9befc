using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// <see cref="Connection"/> over two rings in memory that both ends share. Two Unix sockets carry nothing but bells: the one that the
/// ends met at for bytes that have arrived, the other for room. Each has one sleeper at each end, so no ring is taken by somebody else's.
/// </summary>
internal sealed unsafe class SharedMemoryConnection : Connection
{
    // Posts between two looks at the clock, which take a tenth of a post.
    private const int PostsBetweenLooks = 16;

    private readonly SharedSegment _segment;
    private readonly Doorbell _arrivals;
    private readonly Doorbell _room;
    private readonly RingWriter _writer;
    private readonly RingReader _reader;
    private readonly int _out;
    private long _lookedForPeer;
    private int _posts;
    private volatile bool _closed;

    // Whether a thread sends, and one receives.
    private bool _sends;
    private bool _receives;
    private bool _isDisposed;

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
        Enter(ref _sends);
        try
        {
            ThrowIfClosed();
            _writer.Write(first, Deadline);
            _writer.Write(second, Deadline);
            _writer.Publish();
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override void SendBeforeReceive(ReadOnlySpan<byte> bytes)
    {
        Enter(ref _sends);
        try
        {
            ThrowIfClosed();
            if (!_writer.TryWriteInline(bytes))
            {
                _writer.Write(bytes, Deadline);
                _writer.Publish();
            }
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override void Rouse()
    {
        Enter(ref _sends);
        try
        {
            _writer.Rouse();
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override int TrySend(ReadOnlySpan<byte> bytes)
    {
        Enter(ref _sends);
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
            Leave(ref _sends);
        }
    }

    public override int Receive(Span<byte> destination)
    {
        Enter(ref _receives);
        try
        {
            if (_closed)
            {
                return 0;
            }

            if (!_reader.ComesSoon())
            {
                _writer.Rouse();
            }

            return _reader.Read(destination, Deadline);
        }
        finally
        {
            Leave(ref _receives);
        }
    }

    public override int TryReceive(Span<byte> destination)
    {
        Enter(ref _receives);
        try
        {
            return _closed ? 0 : _reader.TryRead(destination);
        }
        finally
        {
            Leave(ref _receives);
        }
    }

    public override bool TakesPosts => true;

    public override bool TryPost(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out bool woke)
    {
        Enter(ref _sends);
        try
        {
            if (_closed)
            {
                ThrowClosed();
            }

            if (++_posts % PostsBetweenLooks == 0)
            {
                ThrowIfGone();
            }

            bool isPosted = _writer.TryPost(first, second, out woke);
            if (woke)
            {
                // One that was killed asleep takes no bell.
                ThrowIfGone();
            }

            return isPosted;
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override void HurryPosts()
    {
        Enter(ref _sends);
        try
        {
            _writer.Hurry();
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override bool SendsBriefly => true;

    public override bool IsInPlace => true;

    public override byte* Peek(int wanted, out int there)
    {
        Enter(ref _receives);
        try
        {
            // Not what a peer goes on to write into memory that it has whatever is closed here.
            there = 0;
            if (_closed)
            {
                return null;
            }

            _writer.Rouse();
            return _reader.Peek(wanted, Deadline, out there);
        }
        finally
        {
            Leave(ref _receives);
        }
    }

    public override void Advance(int bytes)
    {
        Enter(ref _receives);
        try
        {
            _reader.Advance(bytes);
        }
        finally
        {
            Leave(ref _receives);
        }
    }

    public override byte* Reserve(int before, int wanted, out int room)
    {
        Enter(ref _sends);
        try
        {
            ThrowIfClosed();
            return _writer.Reserve(before, wanted, Deadline, out room);
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override void Commit(ReadOnlySpan<byte> before, int bytes)
    {
        Enter(ref _sends);
        try
        {
            _writer.Commit(before, bytes);
        }
        finally
        {
            Leave(ref _sends);
        }
    }

    public override void Abort()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        bool held = false;
        try
        {
            _segment.DangerousAddRef(ref held);
            // A peer that spins or writes reads it here. After all that was published, so the peer reads that first.
            Interlocked.Exchange(ref _segment.Words(_out)->Producer, RingState.Closed);
            Interlocked.Exchange(ref _segment.Words(1 - _out)->Consumer, RingState.Closed);
        }
        catch (ObjectDisposedException)
        {
            return;
        }
        finally
        {
            if (held)
            {
                _segment.DangerousRelease();
            }
        }

        _arrivals.Shutdown();
        _room.Shutdown();
    }

    public override void Dispose()
    {
        Abort();
        _arrivals.Dispose();
        _room.Dispose();
        Volatile.Write(ref _isDisposed, true);
        // The fence that Enter and Leave lack, in all threads: whoever does not see the line above has been seen inside, or is seen now.
        Interlocked.MemoryBarrierProcessWide();
        UnmapUnlessUsed();
    }

    // The memory stays mapped while a thread is inside, though another disposes the connection. Without an interlocked operation, of
    // which a reference of the segment's would take two, and a call over shared memory four of those.
    private void Enter(ref bool isInside)
    {
        Volatile.Write(ref isInside, true);
        if (Volatile.Read(ref _isDisposed))
        {
            Leave(ref isInside);
            ThrowClosed();
        }
    }

    private void Leave(ref bool isInside)
    {
        Volatile.Write(ref isInside, false);
        if (Volatile.Read(ref _isDisposed))
        {
            UnmapUnlessUsed();
        }
    }

    private void UnmapUnlessUsed()
    {
        // Between two that leave at once: one of them sees that the other has left.
        Interlocked.MemoryBarrier();
        if (!Volatile.Read(ref _sends) && !Volatile.Read(ref _receives))
        {
            _segment.Dispose();
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
            ThrowClosed();
        }

        _writer.ThrowIfClosed();
    }

    [DoesNotReturn]
    private void ThrowClosed() => throw new IOException($"the connection to {Peer} has been closed");
}
