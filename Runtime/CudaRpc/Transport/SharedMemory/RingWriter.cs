namespace CudaRpc.Transport.SharedMemory;

/// <summary>
/// The producer of a ring. Its own position is private: what stands in shared memory is only told to the peer. One thread at a time.
/// </summary>
internal sealed unsafe class RingWriter(RingWords* words, byte* bytes, int capacity, Doorbell consumer, Doorbell room, string peer)
{
    // Bytes that are published at a time, so that the peer copies them out of the cache while the next are copied in.
    private const int Piece = 64 << 10;

    private const int Line = 64;

    // Two launches. 8.5 million launches a second without, 9.0 with 128 or 256, 8.6 with 512.
    private const int Ahead = 256;

    private readonly RingWait _wait = new(&words->Tail, &words->Producer, &words->Consumer, room);
    private readonly byte* _inline = words->InlineBytes;
    private ulong _head;
    private ulong _published;

    // Where the lines end that were taken ahead.
    private ulong _taken;

    // Whether what was published last was posted.
    private bool _hasPosted;

    // Whether the last message was written without a fence, and the consumer may have fallen asleep meanwhile. The one thing that the thread that
    // receives changes, too, though another may send: then it is false already, or that thread's own fence follows.
    private bool _mayHaveMissed;

    // The consumer's position when it was looked at last.
    private ulong _tail;

    /// <summary>For a producer that is about to write: while it finds room it would notice the consumer's end only a ring later.</summary>
    /// <exception cref="IOException">The peer has closed.</exception>
    public void ThrowIfClosed()
    {
        // Pairs with the exchange in SharedMemoryConnection.Abort. A peer that was killed says nothing; its bells end.
        if (Volatile.Read(ref words->Consumer) == RingState.Closed)
        {
            throw Closed();
        }
    }

    /// <summary>
    /// Copies all of <paramref name="source"/>; waits while there is no room. The end of it is left to <see cref="Publish"/>.
    /// </summary>
    /// <exception cref="IOException">The peer has gone, or broke the protocol, or <paramref name="deadline"/> has passed.</exception>
    public void Write(ReadOnlySpan<byte> source, long deadline)
    {
        while (true)
        {
            source = source[TryWrite(source)..];
            if (source.IsEmpty)
            {
                return;
            }

            Publish();
            if (!_wait.UntilMoved(_tail, deadline, amidBulk: true))
            {
                throw Closed();
            }
        }
    }

    /// <summary>Copies what there is room for and returns how much that was.</summary>
    public int TryWrite(ReadOnlySpan<byte> source)
    {
        int done = 0;
        while (done < source.Length)
        {
            int at = (int)(_head & (ulong)(capacity - 1));
            int wanted = Math.Min(Math.Min(source.Length - done, Piece), capacity - at);
            int piece = Math.Min(wanted, Room(wanted));
            if (piece == 0)
            {
                break;
            }

            // SAFETY: at + piece is within the ring, and room, which is checked, says that the consumer has left these bytes.
            source.Slice(done, piece).CopyTo(new Span<byte>(bytes + at, piece));
            _head += (ulong)piece;
            done += piece;
            if (_head - _published >= Piece)
            {
                Publish();
            }
        }

        return done;
    }

    /// <summary>
    /// Room for at most <paramref name="wanted"/> bytes, and a quarter of the ring, where they are to be written, behind
    /// <paramref name="before"/> others. Waits for it. <see cref="Commit"/> takes it; nothing else has to.
    /// </summary>
    public byte* Reserve(int before, int wanted, long deadline, out int room)
    {
        int at = (int)((_head + (ulong)before) & (ulong)(capacity - 1));
        room = Math.Min(Math.Min(wanted, capacity - at), capacity / 4);
        while (Room(before + room) < before + room)
        {
            Publish();
            if (!_wait.UntilMoved(_tail, deadline, amidBulk: true))
            {
                throw Closed();
            }
        }

        return bytes + at;
    }

    /// <summary>Takes the first <paramref name="length"/> bytes of the room reserved last, and writes what comes before them.</summary>
    public void Commit(ReadOnlySpan<byte> before, int length)
    {
        TryWrite(before);
        _head += (ulong)length;
        Publish();
    }

    /// <summary>Shows the consumer what has been copied, and wakes it where it sleeps.</summary>
    /// <exception cref="IOException">The peer broke the protocol.</exception>
    public void Publish()
    {
        if (_published == _head)
        {
            Rouse();
            return;
        }

        HurryBehindPosts();
        WriteInline((int)(_head - _published));
        Show();
    }

    /// <summary>
    /// Writes little and shows it to the consumer, without the fence, which would wait until the consumer has let go of the line. One that sleeps is woken;
    /// one that falls asleep at this moment is by <see cref="Rouse"/>, which has to follow. False, and nothing written, where it is too much, or there
    /// is no room.
    /// </summary>
    /// <exception cref="IOException">The peer broke the protocol.</exception>
    public bool TryWriteInline(ReadOnlySpan<byte> message)
    {
        int at = (int)(_head & (ulong)(capacity - 1));
        if (message.Length > Math.Min(RingWords.MostInline, capacity - at) || Room(message.Length) < message.Length || _published != _head)
        {
            return false;
        }

        // SAFETY: there is room for the message at that place of the ring.
        message.CopyTo(new Span<byte>(bytes + at, message.Length));
        TellInline(message);
        _head += (ulong)message.Length;
        HurryBehindPosts();
        // Releases the bytes before it, like the exchange in Show.
        Volatile.Write(ref words->Head, _head);
        _published = _head;
        _mayHaveMissed = true;
        if (Volatile.Read(ref words->Consumer) != RingState.Awake)
        {
            Rouse();
        }

        return true;
    }

    /// <summary>Wakes a consumer that has fallen asleep while <see cref="TryWriteInline"/> wrote.</summary>
    /// <exception cref="IOException">The peer broke the protocol.</exception>
    public void Rouse()
    {
        if (_mayHaveMissed)
        {
            // As in Show: pairs with the announcement in RingWait.
            Interlocked.MemoryBarrier();
            WakeSleeper();
        }
    }

    /// <summary>Somebody waits for what comes of the posts: the consumer lets no more gather.</summary>
    public void Hurry() => Volatile.Write(ref words->Hurry, _head);

    /// <summary>
    /// Copies both parts of a post, where there is room for them, and shows them to the consumer, which comes for them when it likes, soon. What
    /// cannot be read throws before anything is shown.
    /// </summary>
    /// <param name="first">Its beginning.</param>
    /// <param name="second">Its end.</param>
    /// <param name="woke">Whether the consumer slept, and has been woken.</param>
    /// <exception cref="IOException">The peer has closed, or broke the protocol.</exception>
    public bool TryPost(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out bool woke)
    {
        int length = first.Length + second.Length;
        if (Room(length) < length)
        {
            woke = false;
            return false;
        }

        ThrowIfClosed();
        Put(_head, first);
        Put(_head + (ulong)first.Length, second);
        _head += (ulong)length;
        _hasPosted = true;
        Volatile.Write(ref words->Posted, _head);
        woke = Show();
        TakeLinesAhead();
        return true;
    }

    // The lines that come next are the consumer's, which has read them a round ago: each takes its time to come back, and the next fence waits
    // for it. Taken a few at a time, they come back together, and while the program makes its next call.
    private void TakeLinesAhead()
    {
        if (_head + Ahead <= _taken)
        {
            return;
        }

        if (_taken < _head)
        {
            _taken = (_head + Ahead - 1) & ~(ulong)(Ahead - 1);
        }

        if ((ulong)capacity - (_head - _tail) < 3 * Ahead)
        {
            return;
        }

        // SAFETY: Ahead divides the ring's size, and _taken by it; the consumer has left these bytes, and looks at none that have not been published.
        byte* at = bytes + (_taken & (ulong)(capacity - 1));
        for (int line = 0; line < Ahead; line += Line)
        {
            Volatile.Write(ref at[line], 0);
        }

        _taken += Ahead;
    }

    // The caller has looked that there is room up to the end of source.
    private void Put(ulong position, ReadOnlySpan<byte> source)
    {
        int at = (int)(position & (ulong)(capacity - 1));
        int piece = Math.Min(source.Length, capacity - at);
        // SAFETY: at + piece is within the ring, and what is left begins at its beginning.
        source[..piece].CopyTo(new Span<byte>(bytes + at, piece));
        if (piece < source.Length)
        {
            source[piece..].CopyTo(new Span<byte>(bytes, source.Length - piece));
        }
    }

    private bool Show()
    {
        // Releases the bytes before it, pairs with the acquire in RingReader and RingWait; and is the full fence before the look at the
        // consumer's state, which pairs with its announcement in RingWait.
        Interlocked.Exchange(ref words->Head, _head);
        _published = _head;
        return WakeSleeper();
    }

    // A full fence stands between the position and this.
    private bool WakeSleeper()
    {
        _mayHaveMissed = false;
        bool slept = RingWait.TakeSleep(ref words->Consumer, peer);
        if (slept)
        {
            consumer.Ring();
        }

        return slept;
    }

    private void WriteInline(int length)
    {
        int at = (int)(_published & (ulong)(capacity - 1));
        if (length > Math.Min(RingWords.MostInline, capacity - at))
        {
            return;
        }

        TellInline(new ReadOnlySpan<byte>(bytes + at, length));
    }

    // Of what is published next.
    private void TellInline(ReadOnlySpan<byte> message)
    {
        // Taken back before the bytes change: pairs with the two looks in RingReader.TryReadInline.
        Volatile.Write(ref words->Inline, 0);
        Volatile.WriteBarrier();
        message.CopyTo(new Span<byte>(_inline, message.Length));
        Volatile.Write(ref words->Inline, RingWords.InlineAt(_published, message.Length));
    }

    private void HurryBehindPosts()
    {
        if (_hasPosted)
        {
            _hasPosted = false;
            Hurry();
        }
    }

    private IOException Closed() => new($"{peer} has closed the connection");

    // Looks at the consumer's position, which costs a cache miss, only where the room known of is too little.
    private int Room(int wanted)
    {
        if ((ulong)capacity - (_head - _tail) < (ulong)wanted)
        {
            LookForRoom();
        }

        return capacity - (int)(_head - _tail);
    }

    private void LookForRoom()
    {
        // Acquires the room: pairs with the exchange in RingReader.Release, after which the consumer reads these bytes no more.
        _tail = Volatile.Read(ref words->Tail);
        if (_head - _tail > (ulong)capacity)
        {
            throw new IOException($"{peer} claims to have read {_tail} of {_head} bytes that were written into a ring of {capacity}");
        }
    }
}
