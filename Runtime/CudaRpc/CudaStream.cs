using System.Buffers;
using System.Runtime.CompilerServices;
using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A queue of work for a device: launches, copies and marks run in the order they were given.</summary>
public sealed unsafe class CudaStream : CudaResource
{
    private readonly CUstream _handle;
    private readonly CompletionThread _completion;

    internal CudaStream(CudaContext context, CUstream handle)
        : base(context)
    {
        _handle = handle;
        _completion = new CompletionThread(context);
    }

    /// <summary>The default stream of a context, which owns nothing.</summary>
    internal CudaStream(CudaContext context)
        : base(context, owner: null) => _completion = new CompletionThread(context);

    /// <summary>The stream as the driver API names it; the default stream is 0.</summary>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    public CUstream Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>Whether everything given to the stream is done.</summary>
    /// <exception cref="CudaException">Work in the stream has failed.</exception>
    public bool IsCompleted
    {
        get
        {
            CudaDriver driver = Enter();
            CUresult result = driver.cuStreamQuery(_handle);
            if (result == CUresult.CUDA_ERROR_NOT_READY) return false;
            driver.ThrowIfFailed(result, call: nameof(CudaDriver.cuStreamQuery));
            return true;
        }
    }

    /// <summary>Blocks until everything given to the stream so far is done.</summary>
    /// <exception cref="CudaException">Work in the stream has failed.</exception>
    public void Synchronize()
    {
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuStreamSynchronize(_handle));
    }

    /// <summary>
    /// Completes when everything given to the stream so far is done. No thread of the pool is blocked: the stream has a thread of its own
    /// while there is something to wait for.
    /// </summary>
    /// <param name="cancellationToken">Stops the wait, not the work.</param>
    /// <exception cref="CudaException">Work in the stream has failed.</exception>
    public Task SynchronizeAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled(cancellationToken);
        return IsCompleted ? Task.CompletedTask : Complete(CUresult.CUDA_SUCCESS, default, cancellationToken);
    }

    /// <summary>Makes what is given to the stream from now on wait for a mark of another stream. Does not block.</summary>
    /// <exception cref="CudaException">The event is not usable here.</exception>
    public void Wait(CudaEvent mark)
    {
        ArgumentNullException.ThrowIfNull(mark);
        mark.RequireUsableIn(Context.Session);
        CudaDriver driver = Enter();
        driver.ThrowIfFailed(driver.cuStreamWaitEvent(_handle, mark.Handle, 0));
    }

    /// <summary>The handle of a stream for a call in a session; null is the default stream.</summary>
    internal static CUstream HandleIn(CudaSession session, CudaStream? stream)
    {
        if (stream is null) return default;
        stream.RequireUsableIn(session);
        return stream._handle;
    }

    /// <summary>A task for work that has just been given to the stream, or for all of it.</summary>
    /// <param name="given">What the driver said to the work.</param>
    /// <param name="host">Host memory that the work uses: this takes it over and unpins it when the work is done.</param>
    /// <param name="cancellationToken">Stops the wait, not the work.</param>
    /// <param name="call">The call, written by the compiler.</param>
    internal Task Complete(
        CUresult given,
        MemoryHandle host,
        CancellationToken cancellationToken,
        [CallerArgumentExpression(nameof(given))] string call = "")
    {
        CudaDriver driver = Context.Session.Driver;
        CUevent mark = default;
        try
        {
            driver.ThrowIfFailed(given, call: call);
            // BLOCKING_SYNC: the thread that waits for it sleeps in the driver, it does not spin.
            CUevent_flags flags = CUevent_flags.CU_EVENT_DISABLE_TIMING | CUevent_flags.CU_EVENT_BLOCKING_SYNC;
            driver.ThrowIfFailed(driver.cuEventCreate(&mark, (uint)flags));
            driver.ThrowIfFailed(driver.cuEventRecord(mark, _handle));
        }
        catch
        {
            // The work may have begun: its memory stays pinned until the stream has finished or failed.
            if (given == CUresult.CUDA_SUCCESS) driver.cuStreamSynchronize(_handle);
            if (mark != default) driver.cuEventDestroy_v2(mark);
            host.Dispose();
            throw;
        }
        var completion = new Completion(mark, host);
        completion.CancelWith(cancellationToken);
        _completion.Enqueue(completion);
        return completion.Task;
    }

    internal override void Free(CudaDriver driver) => driver.cuStreamDestroy_v2(_handle);
}
