namespace CudaRpc.Driver;

public abstract unsafe partial class CudaDriver
{
    /// <summary>The driver that makes the calls: this one, or what stands behind one that only looks on.</summary>
    public virtual CudaDriver Undecorated => this;

    /// <summary>
    /// Name of the function whose failure the calling thread's last failed call reported: a driver may return the failure of an earlier,
    /// asynchronous call. Null where the call failed by itself, or the driver does not tell. Taking it clears it.
    /// </summary>
    public virtual string? TakeDeferredFailure() => null;

    /// <summary>
    /// Handle of a device's primary context, without retaining it: the one that <see cref="cuDevicePrimaryCtxRetain"/> gives, the same for
    /// the life of the process. It may be made current before it is retained; nothing that needs a context works until then. Not a function of
    /// the documented API: the CUDA runtime asks for it. Drivers of this machine answer <c>CUDA_ERROR_NOT_SUPPORTED</c>.
    /// </summary>
    /// <param name="pctx">Receives the handle.</param>
    /// <param name="dev">The device.</param>
    public virtual CUresult PrimaryContextHandle(CUcontext* pctx, int dev) => CUresult.CUDA_ERROR_NOT_SUPPORTED;
}
