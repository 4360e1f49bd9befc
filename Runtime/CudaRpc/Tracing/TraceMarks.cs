namespace CudaRpc.Tracing;

/// <summary>What else is known of how a call was remoted: the techniques without which it would have cost more.</summary>
[Flags]
public enum TraceMarks : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Posted on the way that the session's threads share, not on the thread's own.</summary>
    Carried = 1,

    /// <summary>Created something whose handle the client chose: without that, the call has to wait.</summary>
    Minted = 2,

    /// <summary>Left out bytes that the server had already: <see cref="TraceCall.BytesSaved"/>.</summary>
    Deduplicated = 4,

    /// <summary>Asks how far the device is and returns at once (cuStreamQuery, cuEventQuery).</summary>
    Poll = 8,

    /// <summary>
    /// Posted, and had to wait: until the network took more, because what was queued before it had reached its bound, or while other threads had their
    /// turns to post.
    /// </summary>
    Waited = 16,

    /// <summary>
    /// Posted where the thread that sends slept: woke that one or sent itself, which both take much longer than queueing. Over shared memory, which needs no
    /// such thread: woke the server's.
    /// </summary>
    Woke = 32,

    /// <summary>
    /// When the call returned was not looked at: <see cref="TraceCall.End"/> is what calls of its function take in the middle, and at most
    /// the thread's next <see cref="TraceCall.Begin"/>.
    /// </summary>
    Estimated = 64,
}
