using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// The handle of a primary context is known before it is retained and never changes. How often it is retained is counted here; the server
// retains it once for the session.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult PrimaryContextHandle(CUcontext* pctx, int dev) =>
        Facts(dev) is null ? Local(CUresult.CUDA_ERROR_INVALID_DEVICE) : Local(pctx, new CUcontext(_session.Primary(dev).Id));

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, int dev)
    {
        if (pctx == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            try
            {
                if (!primary.IsActive)
                {
                    var call = new Call(_session, CallId.cuDevicePrimaryCtxRetain);
                    call.WriteHandle(primary.Id);
                    call.Write(dev);
                    CUresult status = call.Invoke();
                    if (status != CUresult.CUDA_SUCCESS)
                    {
                        return status;
                    }

                    call.End();
                    Handles.Add(primary.Id, new ContextInfo(dev, primary.Flags, isPrimary: true));
                    primary.IsActive = true;
                }
                else
                {
                    _session.CountLocal();
                }

                primary.Retained++;
                *pctx = new CUcontext(primary.Id);
                return CUresult.CUDA_SUCCESS;
            }
            catch (Exception failure)
            {
                return _session.Failed(CallId.cuDevicePrimaryCtxRetain, failure);
            }
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxRelease_v2(int dev)
    {
        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            if (primary.Retained == 0)
            {
                return CUresult.CUDA_ERROR_INVALID_CONTEXT;
            }

            return --primary.Retained > 0 || !primary.IsActive
                ? Local(CUresult.CUDA_SUCCESS)
                : EndPrimary(CallId.cuDevicePrimaryCtxRelease_v2, primary, dev);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxReset_v2(int dev)
    {
        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            // Who has retained it still has to release it; nobody can destroy a green context that has ended with it.
            primary.Retained -= primary.Greens;
            primary.Greens = 0;
            return primary.IsActive ? EndPrimary(CallId.cuDevicePrimaryCtxReset_v2, primary, dev) : Local(CUresult.CUDA_SUCCESS);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxSetFlags_v2(int dev, uint flags)
    {
        if (Facts(dev) is null)
        {
            return CUresult.CUDA_ERROR_INVALID_DEVICE;
        }

        try
        {
            var call = new Call(_session, CallId.cuDevicePrimaryCtxSetFlags_v2);
            call.Write(dev);
            call.Write(flags);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                PrimaryContext primary = _session.Primary(dev);
                lock (primary)
                {
                    primary.Flags = flags;
                    if (Handles.Find<ContextInfo>(primary.Id) is ContextInfo info)
                    {
                        info.Flags = flags;
                    }
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuDevicePrimaryCtxSetFlags_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevicePrimaryCtxGetState(int dev, uint* flags, int* active)
    {
        if (Facts(dev) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            CUresult result = Local(flags, primary.Flags);
            return result == CUresult.CUDA_SUCCESS ? Local(active, primary.IsActive ? 1 : 0) : result;
        }
    }

    // Not posted: it waits for the GPU, and meanwhile the thread must not make calls that others would have to wait for.
    private CUresult EndPrimary(uint callId, PrimaryContext primary, int dev)
    {
        try
        {
            primary.IsActive = false;
            EndHostWork(new CUcontext(primary.Id));
            var call = new Call(_session, callId);
            call.WriteHandle(primary.Id);
            call.Write(dev);
            _session.Ranges.RemoveContext(new CUcontext(primary.Id));
            ForgetTextures(new CUcontext(primary.Id));
            HostMemory.RemoveContext(new CUcontext(primary.Id));
            CUresult status = call.Invoke();
            Handles.Forget(primary.Id);
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
