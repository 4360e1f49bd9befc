namespace CudaRpc.Client;

/// <summary>
/// A device's primary context as this program uses it: its handle exists before it is retained and never changes. The object is its own lock.
/// </summary>
internal sealed class PrimaryContext(nint id)
{
    public nint Id { get; } = id;

    public int Retained { get; set; }

    /// <summary>How many of those retains are green contexts', which end with the context.</summary>
    public int Greens { get; set; }

    /// <summary>Whether the context exists. A reset ends it and leaves the retains, the next retain brings it back.</summary>
    public bool IsActive { get; set; }

    public uint Flags { get; set; }
}
