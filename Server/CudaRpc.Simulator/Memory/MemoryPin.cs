namespace CudaRpc.Simulator.Memory;

/// <summary>
/// Held while host pointers into a <see cref="DeviceMemory"/> are in use; see <see cref="DeviceMemory.Pin"/>. Dispose once.
/// </summary>
public readonly struct MemoryPin : IDisposable
{
    private readonly DeviceMemory? _memory;

    internal MemoryPin(DeviceMemory memory) => _memory = memory;

    /// <summary>Ends the use.</summary>
    public void Dispose() => _memory?.Unpin();
}
