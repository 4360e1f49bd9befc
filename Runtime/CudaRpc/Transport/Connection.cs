namespace CudaRpc.Transport;

/// <summary>
/// An ordered, reliable stream of bytes in both directions. The shape is a duplex pipe's, reduced to the synchronous path that a
/// driver call takes: one thread sends, one thread receives, nothing hops through the thread pool, nothing is copied in between.
/// </summary>
internal abstract class Connection : IDisposable
{
    /// <summary>Who is at the other end, for logs.</summary>
    public abstract string Peer { get; }

    /// <summary>Sends all of <paramref name="first"/>, then all of <paramref name="second"/>; blocks while the peer does not read.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public abstract void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second);

    /// <summary>Sends what the peer's window takes at once and returns how much that was; 0 where nothing.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    public abstract int TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>Receives at least one byte into <paramref name="destination"/>; 0 when the peer has closed. Spins briefly, then blocks.</summary>
    /// <exception cref="IOException">The connection is gone, or the receive timeout passed.</exception>
    public abstract int Receive(Span<byte> destination);

    /// <summary>Milliseconds that one <see cref="Receive"/> may block; -1, the default, is for ever.</summary>
    public abstract int ReceiveTimeout { get; set; }

    /// <summary>Ends the connection from any thread: blocked senders and receivers return with an error or 0.</summary>
    public abstract void Abort();

    /// <summary>Closes the connection. Not while another thread is inside <see cref="Send"/> or <see cref="Receive"/>: use <see cref="Abort"/>.</summary>
    public abstract void Dispose();
}
