namespace CudaRpc.Simulator.Memory;

/// <summary>
/// Held while host pointers into an <see cref="AddressSpace"/> are in use; see <see cref="AddressSpace.Pin"/>. Dispose once.
/// </summary>
public readonly struct MemoryPin : IDisposable
{
    private readonly AddressSpace? _memory;

    internal MemoryPin(AddressSpace memory) => _memory = memory;

    /// <summary>Ends the use.</summary>
    public void Dispose() => _memory?.Unpin();
}
