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
}
