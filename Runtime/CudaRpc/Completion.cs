using System.Buffers;
using CudaRpc.Driver;

namespace CudaRpc;

/// <summary>A task that completes when a mark in a stream is reached. Owns the mark, and the pin of the memory used before it.</summary>
internal sealed class Completion(CUevent mark, MemoryHandle host)
    : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private MemoryHandle _host = host;
    private CancellationTokenRegistration _cancellation;

    /// <summary>From now on the token cancels the task. The mark and the pin live on until the mark is reached.</summary>
    internal void CancelWith(CancellationToken cancellationToken) =>
        _cancellation = cancellationToken.UnsafeRegister(static (self, token) => ((Completion)self!).TrySetCanceled(token), this);

    /// <summary>Blocks until the mark is reached, then completes the task. An error is the task's, it is not thrown.</summary>
    internal void Wait(CudaContext context)
    {
        try
        {
            CudaDriver driver = context.Enter();
            CUresult result = driver.cuEventSynchronize(mark);
            driver.cuEventDestroy_v2(mark);
            Finish();
            driver.ThrowIfFailed(result, call: nameof(CudaDriver.cuEventSynchronize));
            TrySetResult();
        }
        catch (Exception failure)
        {
            Finish();
            TrySetException(failure);
        }
    }

    /// <summary>May be called twice: the pin's handle is then empty.</summary>
    private void Finish()
    {
        _host.Dispose();
        _cancellation.Dispose();
    }
}
