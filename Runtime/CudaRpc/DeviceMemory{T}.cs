using System.Buffers;
using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>Elements in the memory of a device: an allocation, a slice of one, or a module's global variable.</summary>
/// <typeparam name="T">The element, laid out as C would.</typeparam>
/// <remarks>
/// Copies and sets without a stream block until the data has been moved and are ordered with the default stream; those with a stream
/// are done in their turn in that stream.
/// </remarks>
public sealed unsafe partial class DeviceMemory<T> : DeviceMemory
    where T : unmanaged
{
    internal DeviceMemory(CudaContext context, CUdeviceptr address, long length)
        : base(context, address) => Length = length;

    internal DeviceMemory(CudaContext context, CudaResource owner, CUdeviceptr address, long length)
        : base(context, owner, address) => Length = length;

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <inheritdoc/>
    public override long ByteLength => Length * sizeof(T);

    /// <summary>A view of part of the memory. It owns nothing and lives as long as the allocation.</summary>
    /// <param name="start">First element.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the memory.</exception>
    public DeviceMemory<T> Slice(long start, long length)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);
        return new DeviceMemory<T>(Context, this, Start + (ulong)(start * sizeof(T)), length);
    }

    /// <summary>A view of the memory from <paramref name="start"/> to its end.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> is not inside the memory.</exception>
    public DeviceMemory<T> Slice(long start) => Slice(start, Length - start);

    /// <summary>Copies from host memory to the start of this.</summary>
    /// <exception cref="ArgumentException"><paramref name="source"/> is longer than this.</exception>
    /// <exception cref="CudaException">The copy, or work before it, has failed.</exception>
    public void CopyFrom(ReadOnlySpan<T> source)
    {
        CudaDriver driver = Enter();
        Require(source.Length <= Length, "source", source.Length);
        if (source.IsEmpty) return;
        fixed (T* host = source) driver.ThrowIfFailed(driver.cuMemcpyHtoD_v2(Start, host, Bytes(source.Length)));
    }

    /// <summary>Copies all of this to host memory.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than this.</exception>
    /// <exception cref="CudaException">The copy, or work before it, has failed.</exception>
    public void CopyTo(Span<T> destination)
    {
        CudaDriver driver = Enter();
        Require(destination.Length >= Length, "destination", destination.Length);
        if (Length == 0) return;
        fixed (T* host = destination) driver.ThrowIfFailed(driver.cuMemcpyDtoH_v2(host, Start, Bytes(Length)));
    }

    /// <summary>Copies from other memory of the device to the start of this.</summary>
    /// <param name="source">Not longer than this.</param>
    /// <param name="stream">Null blocks until the copy is done.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is longer than this.</exception>
    /// <exception cref="CudaException">The copy, or work before it, has failed.</exception>
    public void CopyFrom(DeviceMemory<T> source, CudaStream? stream = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        source.RequireUsableIn(Context.Session);
        CudaDriver driver = Enter();
        Require(source.Length <= Length, "source", source.Length);
        if (source.Length == 0) return;
        nuint bytes = Bytes(source.Length);
        if (stream is null)
        {
            driver.ThrowIfFailed(driver.cuMemcpyDtoD_v2(Start, source.Start, bytes));
        }
        else
        {
            CUstream handle = CudaStream.HandleIn(Context.Session, stream);
            driver.ThrowIfFailed(driver.cuMemcpyDtoDAsync_v2(Start, source.Start, bytes, handle));
        }
    }

    /// <summary>Copies from host memory to the start of this, in a stream.</summary>
    /// <param name="source">Not longer than this. It stays pinned until the copy is done and must not change before.</param>
    /// <param name="stream">Null is the default stream.</param>
    /// <param name="cancellationToken">Stops the wait, not the copy.</param>
    /// <returns>Completes when the copy is done. What is given to the stream next runs after it, awaited or not.</returns>
    /// <exception cref="ArgumentException"><paramref name="source"/> is longer than this.</exception>
    /// <exception cref="CudaException">The copy, or work before it, has failed.</exception>
    public Task CopyFromAsync(ReadOnlyMemory<T> source, CudaStream? stream = null, CancellationToken cancellationToken = default)
    {
        CudaDriver driver = Enter();
        Require(source.Length <= Length, "source", source.Length);
        if (source.IsEmpty) return Task.CompletedTask;
        stream ??= Context.DefaultStream;
        stream.RequireUsableIn(Context.Session);
        MemoryHandle host = source.Pin();
        return stream.Complete(
            driver.cuMemcpyHtoDAsync_v2(Start, host.Pointer, Bytes(source.Length), stream.Handle), host, cancellationToken);
    }

    /// <summary>Copies all of this to host memory, in a stream.</summary>
    /// <param name="destination">Not shorter than this. It stays pinned until the copy is done and must not be used before.</param>
    /// <param name="stream">Null is the default stream.</param>
    /// <param name="cancellationToken">Stops the wait, not the copy.</param>
    /// <returns>Completes when the data is there.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than this.</exception>
    /// <exception cref="CudaException">The copy, or work before it, has failed.</exception>
    public Task CopyToAsync(Memory<T> destination, CudaStream? stream = null, CancellationToken cancellationToken = default)
    {
        CudaDriver driver = Enter();
        Require(destination.Length >= Length, "destination", destination.Length);
        if (Length == 0) return Task.CompletedTask;
        stream ??= Context.DefaultStream;
        stream.RequireUsableIn(Context.Session);
        MemoryHandle host = destination.Pin();
        return stream.Complete(
            driver.cuMemcpyDtoHAsync_v2(host.Pointer, Start, Bytes(Length), stream.Handle), host, cancellationToken);
    }

    /// <summary>A new array with the elements of this.</summary>
    /// <exception cref="OverflowException">There are more elements than an array can hold.</exception>
    /// <exception cref="CudaException">The copy, or work before it, has failed.</exception>
    public T[] ToArray()
    {
        var elements = new T[checked((int)Length)];
        CopyTo(elements);
        return elements;
    }

    private static nuint Bytes(long elements) => (nuint)elements * (nuint)sizeof(T);

    private void Require(bool fits, string parameter, long given)
    {
        if (!fits) throw new ArgumentException($"The {parameter} has {given} elements, the device memory {Length}.", parameter);
    }
}
