namespace CudaRpc.Simulator.Objects;

/// <summary>
/// A green context: some multiprocessors for streams in the primary context of a device, which it retains. What is allocated or loaded while
/// it is current belongs to the primary context.
/// </summary>
internal sealed class DriverGreenContext(DriverContext primary, SmPartition partition, ulong id) : ContextObject(primary)
{
    private volatile bool _isDestroyed;

    public SmPartition Partition { get; } = partition;

    public ulong Id { get; } = id;

    public nint Handle { get; set; }

    /// <summary>The handle that is made current; it stands for a <see cref="GreenContextView"/>.</summary>
    public nint ContextHandle { get; set; }

    /// <summary>Its streams can only be destroyed any more.</summary>
    public bool IsDestroyed
    {
        get => _isDestroyed;
        set => _isDestroyed = value;
    }
}
