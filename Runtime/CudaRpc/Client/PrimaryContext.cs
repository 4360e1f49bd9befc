namespace CudaRpc.Client;

/// <summary>
/// A device's primary context as this program uses it: its handle exists before it is retained and never changes. The object is its own lock.
/// </summary>
internal sealed class PrimaryContext(nint id)
{
    public nint Id { get; } = id;

    public int Retained { get; set; }

    public uint Flags { get; set; }
}
