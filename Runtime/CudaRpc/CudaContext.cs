using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A context of a device: memory, modules, streams and events live in it.</summary>
/// <remarks>
/// Safe to use from any thread. Every member, and every member of what lives here, makes the context current on the calling thread and
/// leaves it current.
/// </remarks>
public sealed unsafe partial class CudaContext : IDisposable
{
    private readonly HashSet<CudaResource> _resources = [];
    private readonly bool _isPrimary;
    private bool _closed;
    private bool _disposed;

    internal CudaContext(CudaSession session, CudaDevice device, CUcontext handle, bool isPrimary)
    {
        Session = session;
        Device = device;
        Handle = handle;
        _isPrimary = isPrimary;
        DefaultStream = new CudaStream(this);
        session.Adopt(this);
    }

    /// <summary>The session the context belongs to.</summary>
    public CudaSession Session { get; }

    /// <summary>The device the context is on.</summary>
    public CudaDevice Device { get; }

    /// <summary>The context as the driver API names it.</summary>
    public CUcontext Handle { get; }

    /// <summary>The stream used where none is given: ordered with all other streams of the context that were made blocking.</summary>
    public CudaStream DefaultStream { get; }

    /// <summary>Whether the context or its session has been disposed.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed);

    /// <summary>The device's memory.</summary>
    /// <exception cref="CudaException">The context has failed.</exception>
    public DeviceMemoryInfo GetMemoryInfo()
    {
        nuint free, total;
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuMemGetInfo_v2(&free, &total));
        return new DeviceMemoryInfo(checked((long)free), checked((long)total));
    }

    /// <summary>Blocks until everything that was started in the context has finished.</summary>
    /// <exception cref="CudaException">A kernel or copy has failed.</exception>
    public void Synchronize()
    {
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuCtxSynchronize());
    }

    /// <summary>
    /// Disposes everything that lives in the context, then the context itself (a primary context loses one reference). May be called more
    /// than once. An error of the device is not thrown here.
    /// </summary>
    public void Dispose()
    {
        CudaResource[] resources;
        lock (_resources)
        {
            if (_closed) return;
            _closed = true;
            resources = [.. _resources];
        }
        foreach (CudaResource resource in resources) resource.Dispose();
        Volatile.Write(ref _disposed, true);
        Session.Forget(this);
        if (_isPrimary) Session.Driver.cuDevicePrimaryCtxRelease_v2(Device.Handle);
        else Session.Driver.cuCtxDestroy_v2(Handle);
    }

    /// <summary>The driver, with the context current on this thread.</summary>
    /// <exception cref="ObjectDisposedException">The context has been disposed.</exception>
    internal CudaDriver Enter()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        CudaDriver driver = Session.Driver;
        CUcontext current;
        driver.ThrowIfFailed(driver.cuCtxGetCurrent(&current));
        if (current != Handle) driver.ThrowIfFailed(driver.cuCtxSetCurrent(Handle));
        return driver;
    }

    /// <summary>Takes a resource that has just been made: it is freed with the context.</summary>
    internal void Adopt(CudaResource resource)
    {
        lock (_resources)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _resources.Add(resource);
        }
    }

    internal void Release(CudaResource resource)
    {
        lock (_resources) _resources.Remove(resource);
        if (IsDisposed) return;
        CudaDriver driver = Session.Driver;
        if (driver.cuCtxSetCurrent(Handle) == CUresult.CUDA_SUCCESS) resource.Free(driver);
    }
}
