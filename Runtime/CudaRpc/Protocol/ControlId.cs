namespace CudaRpc.Protocol;

/// <summary>Call ids of the protocol itself. Hashes of driver functions below 256 are refused by the generator's collision check.</summary>
internal static class ControlId
{
    /// <summary>First frame of a connection: opens a session or joins one. Answered by a reply with the welcome.</summary>
    public const uint Hello = 1;

    /// <summary>Last frame of a lane that ends in good order. Posted; takes its turn in the session's sequence.</summary>
    public const uint Goodbye = 2;

    /// <summary>From the server, on the session's own connection: bytes for a region of the client's memory. Not answered.</summary>
    public const uint HostWrite = 3;

    /// <summary>From the server, on the session's own connection: wants bytes of a region. The reply's bulk are they.</summary>
    public const uint HostRead = 4;

    /// <summary>From the server, on the session's own connection: call a function of the program. Answered when it has returned.</summary>
    public const uint HostCall = 5;

    /// <summary>
    /// On the session's own connection, from either side: what has changed in host memory that both have. From the server it counts as one of its
    /// writes. Not answered.
    /// </summary>
    public const uint HostChanges = 6;

    /// <summary>On a lane, posted: calls after it wait until so many changes of the client have been stored.</summary>
    public const uint HostChanged = 7;

    /// <summary>From the server, on the session's own connection: call a function of the program with what the driver says. Not answered.</summary>
    public const uint HostNotify = 8;

    /// <summary>On a lane, posted, behind a posted call whose bulk is not small: takes its turn when that call has been made.</summary>
    public const uint Settled = 9;

    /// <summary>From a client that records its calls, on the session's own connection: what the server's clock says. The reply's body is 8 bytes.</summary>
    public const uint TraceClock = 10;

    /// <summary>From the server, on the session's own connection: when it made calls. Not answered.</summary>
    public const uint TraceTimes = 11;

    /// <summary>From a client that records its calls, on the session's own connection: it wants the times so far, and is about to leave.</summary>
    public const uint TraceFlush = 12;

    /// <summary>From a client whose session is a span, on the session's own connection: which one. Once, and not answered.</summary>
    public const uint SpanContext = 13;
}
