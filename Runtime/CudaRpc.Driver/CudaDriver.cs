namespace CudaRpc.Driver;

public abstract unsafe partial class CudaDriver
{
    /// <summary>
    /// Name of the function whose failure the calling thread's last failed call reported: a driver may return the failure of an earlier,
    /// asynchronous call. Null where the call failed by itself, or the driver does not tell. Taking it clears it.
    /// </summary>
    public virtual string? TakeDeferredFailure() => null;
}
