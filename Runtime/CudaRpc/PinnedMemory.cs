using System.Buffers;
using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>Host memory that the driver allocated, so that copies from and to it need no staging. Not moved by the collector.</summary>
/// <typeparam name="T">The element.</typeparam>
/// <remarks>A span of it that is used after disposal reads or writes freed memory: nothing detects it.</remarks>
public sealed unsafe class PinnedMemory<T> : MemoryManager<T>
    where T : unmanaged
{
    private readonly Allocation _allocation;
    private readonly T* _address;

    internal PinnedMemory(CudaContext context, T* address, int length)
    {
        _address = address;
        Length = length;
        _allocation = new Allocation(context, address);
    }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>The memory as a span.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been freed.</exception>
    public Span<T> Span => GetSpan();

    /// <inheritdoc/>
    public override Span<T> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_allocation.IsDisposed, this);
        return new Span<T>(_address, Length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_allocation.IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, Length);
        return new MemoryHandle(_address + elementIndex, pinnable: this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <summary>Frees the memory. May be called more than once.</summary>
    public void Dispose() => Dispose(disposing: true);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _allocation.Dispose();
    }

    private sealed class Allocation(CudaContext context, void* address) : CudaResource(context)
    {
        internal override void Free(CudaDriver driver) => driver.cuMemFreeHost(address);
    }
}
