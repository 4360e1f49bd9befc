namespace CudaRpc.Tracing;

/// <summary>
/// One driver call of a traced program. Times are nanoseconds since the trace began, on the client's clock; -1 where they are not known.
/// </summary>
public readonly record struct TraceCall
{
    /// <summary>The thread, an index into <see cref="Trace.Threads"/>.</summary>
    public required int Thread { get; init; }

    /// <summary>Index into <see cref="Trace.Functions"/>.</summary>
    public required int Function { get; init; }

    /// <summary>
    /// When the program called. What lies between this and the thread's previous <see cref="End"/> is the program's own time.
    /// </summary>
    public required long Begin { get; init; }

    /// <summary>When the call returned to the program.</summary>
    public required long End { get; init; }

    /// <summary>How it was answered.</summary>
    public required TraceClass Class { get; init; }

    /// <summary>What else is known of it.</summary>
    public TraceMarks Marks { get; init; }

    /// <summary>What the program got: the value of CUresult.</summary>
    public int Result { get; init; }

    /// <summary>Replies that were waited for; 0 for local and posted calls.</summary>
    public int RoundTrips { get; init; }

    /// <summary>Bytes to the server, frame headers included.</summary>
    public long BytesOut { get; init; }

    /// <summary>Bytes from the server, frame headers included.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes that were not sent as the server had them (<see cref="TraceMarks.Deduplicated"/>).</summary>
    public long BytesSaved { get; init; }

    /// <summary>
    /// The stream that the call gives work to, waits for or asks about: a number of the trace's own, the same for the same stream of a
    /// process. 0: the default stream, or none (the function says which).
    /// </summary>
    public int Stream { get; init; }

    /// <summary>The event that the call records, waits for or asks about, numbered likewise; 0: none.</summary>
    public int Event { get; init; }

    /// <summary>When the server's driver was called.</summary>
    public long ServerBegin { get; init; }

    /// <summary>When the server's driver returned.</summary>
    public long ServerEnd { get; init; }

    /// <summary>When the device began the work that the call gave it.</summary>
    public long DeviceBegin { get; init; }

    /// <summary>When the device had done it.</summary>
    public long DeviceEnd { get; init; }
}
