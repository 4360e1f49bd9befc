namespace CudaRpc.Server.Tracing;

/// <summary>A traced run as a whole. Times are nanoseconds.</summary>
/// <param name="Begin">When the first call began, since the trace did.</param>
/// <param name="Duration">From the first call's beginning to the last one's end.</param>
/// <param name="Processes">Processes that made calls.</param>
/// <param name="Threads">Threads that made calls.</param>
/// <param name="Calls">Driver calls.</param>
/// <param name="Failed">Those that did not succeed; a poll that finds the device at work is none.</param>
/// <param name="RoundTrips">Replies that were waited for.</param>
/// <param name="BytesOut">Bytes to the server.</param>
/// <param name="BytesIn">Bytes from the server.</param>
/// <param name="BytesSaved">Bytes the server had already.</param>
/// <param name="ThreadTime">The threads' times from their first call's beginning to their last one's end, added up.</param>
/// <param name="Own">What of it the program spent outside of calls.</param>
/// <param name="Split">What of it the program spent in calls.</param>
/// <param name="DeviceBusy">How long the device worked; null where that is not known.</param>
internal sealed record RunFigures(
    long Begin,
    long Duration,
    int Processes,
    int Threads,
    long Calls,
    long Failed,
    long RoundTrips,
    long BytesOut,
    long BytesIn,
    long BytesSaved,
    long ThreadTime,
    long Own,
    TimeSplit Split,
    long? DeviceBusy);
