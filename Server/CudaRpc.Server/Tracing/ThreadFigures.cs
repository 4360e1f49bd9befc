namespace CudaRpc.Server.Tracing;

/// <summary>The calls of one thread. Times are nanoseconds.</summary>
/// <param name="Process">Its process's number.</param>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, empty where none is known.</param>
/// <param name="Calls">Its calls.</param>
/// <param name="First">When its first call began.</param>
/// <param name="Last">When its last call ended.</param>
/// <param name="Own">What of the time between it spent outside of calls.</param>
/// <param name="Split">What of it it spent in calls.</param>
/// <param name="RoundTrips">Replies it waited for.</param>
/// <param name="BytesOut">Bytes to the server.</param>
/// <param name="BytesIn">Bytes from the server.</param>
internal sealed record ThreadFigures(
    int Process, int Id, string Name, long Calls, long First, long Last, long Own, TimeSplit Split, long RoundTrips, long BytesOut,
        long BytesIn);
