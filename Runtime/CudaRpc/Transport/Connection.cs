namespace CudaRpc.Transport;

/// <summary>
/// An ordered, reliable stream of bytes in both directions. The shape is a duplex pipe's, reduced to the synchronous path that a
/// driver call takes: one thread sends, one thread receives, nothing hops through the thread pool, nothing is copied in between.
/// </summary>
internal abstract unsafe class Connection : IDisposable
{
    /// <summary>Who is at the other end, for logs.</summary>
    public abstract string Peer { get; }

    /// <summary>Sends all of <paramref name="first"/>, then all of <paramref name="second"/>; blocks while the peer does not read.</summary>
    /// <exception cref="IOException">The connection is gone, or <see cref="Deadline"/> has passed.</exception>
    public abstract void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second);

    /// <summary>
    /// Sends all of <paramref name="bytes"/>, where the thread then receives the answer to them. A peer that falls asleep at this very moment may be
    /// woken only by that <see cref="Receive"/>, or by <see cref="Rouse"/>, which has to come before the thread does anything else.
    /// </summary>
    /// <exception cref="IOException">As <see cref="Send"/>.</exception>
    public virtual void SendBeforeReceive(ReadOnlySpan<byte> bytes) => Send(bytes, default);

    /// <summary>Behind <see cref="SendBeforeReceive"/>, where the thread does not receive next: wakes the peer if it has fallen asleep unseen.</summary>
    public virtual void Rouse()
    {
    }

    /// <summary>Sends what the peer's window takes at once and returns how much that was; 0 where nothing.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public abstract int TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>Receives at least one byte into <paramref name="destination"/>; 0 when the peer has closed. Spins briefly, then blocks.</summary>
    /// <exception cref="IOException">The connection is gone, or <see cref="Deadline"/> has passed.</exception>
    public abstract int Receive(Span<byte> destination);

    /// <summary>Receives what is there, without waiting; -1 where nothing is, 0 when the peer has closed.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public abstract int TryReceive(Span<byte> destination);

    /// <summary>Whether sending some bytes takes about a microsecond of this thread, because they do not leave the machine.</summary>
    public virtual bool SendsBriefly => false;

    /// <summary>Whether <see cref="TryPost"/> ever does it.</summary>
    public virtual bool TakesPosts => false;

    /// <summary>
    /// Puts both, in their order, where the peer comes for them within microseconds, or when something is sent. False where that would take a wait;
    /// then they have to be sent. What cannot be read throws before anything has left.
    /// </summary>
    /// <param name="first">The beginning.</param>
    /// <param name="second">The end.</param>
    /// <param name="woke">Whether the peer slept, and has been woken.</param>
    /// <exception cref="IOException">The connection is gone.</exception>
    public virtual bool TryPost(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out bool woke)
    {
        woke = false;
        return false;
    }

    /// <summary>Somebody waits for what comes of the posts, though nothing is sent behind them. Under the same rules as <see cref="Send"/>.</summary>
    public virtual void HurryPosts()
    {
    }

    /// <summary>
    /// Whether bytes can be used where they arrive, and be made where they are sent from: <see cref="Peek"/>, <see cref="Advance"/>,
    /// <see cref="Reserve"/> and <see cref="Commit"/> are for such connections only.
    /// </summary>
    public virtual bool IsInPlace => false;

    /// <summary>
    /// Bytes that have arrived, where they are: at most <paramref name="wanted"/>, none where the peer has closed. Waits for enough to be
    /// worth it. The peer may change them at any time. They are there until <see cref="Advance"/>, or <see cref="Dispose"/>.
    /// </summary>
    /// <exception cref="IOException">As <see cref="Receive"/>.</exception>
    public virtual byte* Peek(int wanted, out int there) => throw new NotSupportedException();

    /// <summary>Has done with the first <paramref name="bytes"/> of what <see cref="Peek"/> returned.</summary>
    public virtual void Advance(int bytes) => throw new NotSupportedException();

    /// <summary>
    /// Room for at most <paramref name="wanted"/> bytes that are to be sent behind <paramref name="before"/> others. Waits for enough to
    /// be worth it. Nothing is sent without <see cref="Commit"/>.
    /// </summary>
    /// <exception cref="IOException">As <see cref="Send"/>.</exception>
    public virtual byte* Reserve(int before, int wanted, out int room) => throw new NotSupportedException();

    /// <summary>
    /// Sends <paramref name="before"/>, as long as it was announced, and the first <paramref name="bytes"/> of the room reserved last.
    /// </summary>
    public virtual void Commit(ReadOnlySpan<byte> before, int bytes) => throw new NotSupportedException();

    /// <summary>
    /// Moment, in <see cref="Environment.TickCount64"/>, from which <see cref="Send"/> and <see cref="Receive"/> block no more but throw, however
    /// many bytes came before; <see cref="long.MaxValue"/>, the default, is never.
    /// </summary>
    public abstract long Deadline { get; set; }

    /// <summary>
    /// Before the end: waits until what was sent can no longer be taken back by it, at most until <see cref="Deadline"/>.
    /// </summary>
    public virtual void Drain()
    {
    }

    /// <summary>Ends the connection from any thread: blocked senders and receivers return with an error or 0.</summary>
    public abstract void Abort();

    /// <summary>Closes the connection. Where another thread may be inside <see cref="Send"/> or <see cref="Receive"/>, <see cref="Abort"/> it first.</summary>
    public abstract void Dispose();
}
