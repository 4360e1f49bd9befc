namespace CudaRpc.Model;

/// <summary>Something that a replay has to do at some time.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">Of the thread or the session.</param>
/// <param name="Bytes">That go to the client.</param>
internal readonly record struct Happening(HappeningKind Kind, int Index, long Bytes)
{
    public static Happening Of(int thread) => new(HappeningKind.Thread, thread, 0);
}

internal enum HappeningKind
{
    /// <summary>A thread goes on.</summary>
    Thread,

    /// <summary>A session's send pump has woken.</summary>
    Pump,

    /// <summary>The device has done a copy whose data the server sends by itself.</summary>
    Write,
}
