namespace CudaRpc.Server;

/// <summary>What clients may take of a server.</summary>
internal sealed record ServerLimits
{
    /// <summary>Sessions at a time.</summary>
    public int Sessions { get; init; } = 256;

    /// <summary>Connections of one session, which are threads here.</summary>
    public int LanesPerSession { get; init; } = 1024;

    /// <summary>Handles of one session that are alive at a time.</summary>
    public int HandlesPerSession { get; init; } = 1 << 20;

    /// <summary>Bytes of module images that are kept, so that clients need not send them again.</summary>
    public long ImageCacheBytes { get; init; } = 256 << 20;

    /// <summary>
    /// Bytes of a client's host memory that kernels may reach at a time; the server holds them twice. More is CUDA_ERROR_OUT_OF_MEMORY.
    /// </summary>
    public long HostBytesPerSession { get; init; } = 16L << 30;

    /// <summary>Connections that have not greeted yet, at a time. One more is closed at once: each costs a thread.</summary>
    public int Greetings { get; init; } = 256;

    /// <summary>Time for a new connection to greet.</summary>
    public TimeSpan Greeting { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for what a client has posted before it left in good order.</summary>
    public TimeSpan Goodbyes { get; init; } = TimeSpan.FromSeconds(2);
}
