using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>Something that lives in a context: memory, a module, a stream, an event.</summary>
/// <remarks>
/// Safe to use from any thread. Every member makes the context current on the calling thread, and leaves it current.
/// There is no finalizer: what is not disposed is released with its context, at the latest with its session.
/// </remarks>
public abstract class CudaResource : IDisposable
{
    private readonly CudaResource? _owner;
    private readonly bool _owned;
    private int _disposed;

    private protected CudaResource(CudaContext context)
    {
        Context = context;
        _owned = true;
        context.Adopt(this);
    }

    /// <summary>A resource that owns nothing: it lives as long as <paramref name="owner"/>, or as its context if that is null.</summary>
    private protected CudaResource(CudaContext context, CudaResource? owner)
    {
        Context = context;
        _owner = owner;
    }

    /// <summary>The context this lives in.</summary>
    public CudaContext Context { get; }

    /// <summary>Whether this, what it is part of, its context or its session has been disposed.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0 || (_owner?.IsDisposed ?? Context.IsDisposed);

    /// <summary>
    /// Releases the resource on the device. May be called more than once. What owns nothing (a slice, a module's global, the default
    /// stream) is left as it is. An error of the device is not thrown here: the next call that waits for the device reports it.
    /// </summary>
    public void Dispose()
    {
        if (!_owned || Interlocked.Exchange(ref _disposed, 1) != 0) return;
        Context.Release(this);
    }

    /// <summary>Frees the device's side. Called at most once, with the context current.</summary>
    internal abstract void Free(CudaDriver driver);

    /// <summary>The driver, with the context current on this thread.</summary>
    /// <exception cref="ObjectDisposedException">This has been disposed.</exception>
    internal CudaDriver Enter()
    {
        ThrowIfDisposed();
        return Context.Enter();
    }

    /// <summary>Makes sure that a call in <paramref name="session"/> can use this: in another its handle means something else.</summary>
    /// <exception cref="ObjectDisposedException">This has been disposed.</exception>
    /// <exception cref="ArgumentException">This belongs to another session.</exception>
    internal void RequireUsableIn(CudaSession session)
    {
        ThrowIfDisposed();
        if (Context.Session != session) throw new ArgumentException($"The {GetType().Name} belongs to another session.");
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}
