using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A mark in a stream.</summary>
public sealed unsafe class CudaEvent : CudaResource
{
    private readonly CUevent _handle;

    internal CudaEvent(CudaContext context, CUevent handle)
        : base(context) => _handle = handle;

    /// <summary>The event as the driver API names it.</summary>
    /// <exception cref="ObjectDisposedException">The event has been disposed.</exception>
    public CUevent Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>Whether everything before the mark is done; true before the first <see cref="Record"/>.</summary>
    /// <exception cref="CudaException">Work before the mark has failed.</exception>
    public bool IsCompleted
    {
        get
        {
            CudaDriver driver = Enter();
            CUresult result = driver.cuEventQuery(_handle);
            if (result == CUresult.CUDA_ERROR_NOT_READY) return false;
            driver.ThrowIfFailed(result, call: nameof(CudaDriver.cuEventQuery));
            return true;
        }
    }

    /// <summary>Puts the mark behind what has been given to the stream so far; an earlier mark is forgotten. Does not wait.</summary>
    /// <param name="stream">Null is the default stream.</param>
    /// <exception cref="CudaException">The stream belongs to another context, or has failed.</exception>
    public void Record(CudaStream? stream = null)
    {
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuEventRecord(_handle, CudaStream.HandleIn(Context.Session, stream)));
    }

    /// <summary>Blocks until everything before the mark is done.</summary>
    /// <exception cref="CudaException">Work before the mark has failed.</exception>
    public void Synchronize()
    {
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuEventSynchronize(_handle));
    }

    /// <summary>Time on the device from <paramref name="start"/> to this, to about half a microsecond.</summary>
    /// <param name="start">An event that was recorded before this one. Both must have timing and be completed.</param>
    /// <exception cref="CudaException">An event has no timing, was not recorded or is not completed.</exception>
    public TimeSpan ElapsedSince(CudaEvent start)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.RequireUsableIn(Context.Session);
        float milliseconds;
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuEventElapsedTime(&milliseconds, start.Handle, _handle));
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    internal override void Free(CudaDriver driver) => driver.cuEventDestroy_v2(_handle);
}
