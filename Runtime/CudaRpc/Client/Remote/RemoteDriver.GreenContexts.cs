using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// A green context retains the device's primary context, here and on the server. What is made while it is current belongs to that one and
// outlives it; only its streams remember it.
public sealed unsafe partial class RemoteDriver
{
    private const uint DefaultStream = (uint)CUgreenCtxCreate_flags.CU_GREEN_CTX_DEFAULT_STREAM;
    private const uint NonBlocking = (uint)CUstream_flags.CU_STREAM_NON_BLOCKING;

    /// <inheritdoc/>
    public override CUresult cuGreenCtxCreate(CUgreenCtx* phCtx, CUdevResourceDesc desc, int dev, uint flags)
    {
        if (phCtx == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Check(desc.Value, HandleKind.CUdevResourceDesc) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        CUcontext primary;
        CUresult status = cuDevicePrimaryCtxRetain(&primary, dev);
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        nint green = 0;
        try
        {
            var call = new Call(_session, CallId.cuGreenCtxCreate);
            green = call.WriteNewHandle(HandleKind.CUgreenCtx);
            var context = new CUcontext(call.WriteNewHandle(HandleKind.CUcontext));
            call.WriteHandle(desc.Value);
            call.Write(dev);
            call.Write(flags);
            Handles.Add(green, new GreenContextInfo(dev, primary.Value, context));
            Handles.Add(context.Value, new ContextInfo(dev, Handles.Find<ContextInfo>(primary.Value)?.Flags ?? 0, isPrimary: false, green, primary));
            status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                CountGreen(dev, 1);
                *phCtx = new CUgreenCtx(green);
                return status;
            }
        }
        catch (Exception failure)
        {
            status = _session.Failed(CallId.cuGreenCtxCreate, failure);
        }

        Handles.Forget(green);
        cuDevicePrimaryCtxRelease_v2(dev);
        return status;
    }

    /// <inheritdoc/>
    public override CUresult cuGreenCtxDestroy(CUgreenCtx hCtx)
    {
        if (Handles.Find<GreenContextInfo>(hCtx.Value) is not GreenContextInfo info)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGreenCtxDestroy);
            call.WriteHandle(hCtx.Value);
            call.Post();
            Handles.Forget(hCtx.Value);
            CountGreen(info.Device, -1);
            return cuDevicePrimaryCtxRelease_v2(info.Device);
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGreenCtxDestroy, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuCtxFromGreenCtx(CUcontext* pContext, CUgreenCtx hCtx) =>
        Handles.Find<GreenContextInfo>(hCtx.Value) is GreenContextInfo info ? Local(pContext, info.Context) : Local(CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <inheritdoc/>
    public override CUresult cuGreenCtxGetId(CUgreenCtx greenCtx, ulong* greenCtxId) =>
        Handles.Find<GreenContextInfo>(greenCtx.Value) is null
            ? Local(CUresult.CUDA_ERROR_INVALID_HANDLE)
            : Local(greenCtxId, (ulong)(greenCtx.Value >>> 8));

    /// <inheritdoc/>
    public override CUresult cuGreenCtxStreamCreate(CUstream* phStream, CUgreenCtx greenCtx, uint flags, int priority)
    {
        if (Handles.Find<GreenContextInfo>(greenCtx.Value) is not GreenContextInfo info)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (phStream == null || flags != NonBlocking)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGreenCtxStreamCreate);
            nint stream = call.WriteNewHandle(HandleKind.CUstream);
            call.WriteHandle(greenCtx.Value);
            call.Write(flags);
            call.Write(priority);
            Handles.Add(stream, new GreenStreamInfo(info.Parent, greenCtx.Value));
            call.Post();
            *phStream = new CUstream(stream);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGreenCtxStreamCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuStreamGetGreenCtx(CUstream hStream, CUgreenCtx* phCtx) =>
        StreamContext(hStream, out _, out nint green) is var status and not CUresult.CUDA_SUCCESS ? Local(status) : Local(phCtx, new CUgreenCtx(green));

    /// <inheritdoc/>
    public override CUresult cuStreamGetCtx_v2(CUstream hStream, CUcontext* pCtx, CUgreenCtx* pGreenCtx)
    {
        if (pCtx == null || pGreenCtx == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        CUresult status = StreamContext(hStream, out CUcontext owner, out nint green);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *pCtx = owner;
            *pGreenCtx = new CUgreenCtx(green);
        }

        return Local(status);
    }

    /// <inheritdoc/>
    public override CUresult cuDevSmResourceSplitByCount(
        CUdevResource_v1* result, uint* nbGroups, CUdevResource_v1* input, CUdevResource_v1* remaining, uint useFlags, uint minCount)
    {
        if (nbGroups == null || input == null || (result != null && *nbGroups == 0))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            uint wanted = *nbGroups;
            var call = new Call(_session, CallId.cuDevSmResourceSplitByCount);
            call.Write(result != null);
            call.Write(wanted);
            call.WriteStruct(input);
            call.Write(useFlags);
            call.Write(minCount);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                CUdevResource_v1 rest;
                uint groups = call.ReadUInt32();
                nuint came = call.ReadArray(result, result == null ? 0 : wanted);
                call.ReadStruct(&rest);
                call.End();
                if (came != (result == null ? 0 : groups))
                {
                    throw new ProtocolException($"{came} groups of a resource where {groups} are due");
                }

                *nbGroups = groups;
                if (remaining != null && result != null)
                {
                    *remaining = rest;
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuDevSmResourceSplitByCount, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuDevResourceGenerateDesc(CUdevResourceDesc* phDesc, CUdevResource_v1* resources, uint nbResources)
    {
        if (phDesc == null || resources == null || nbResources == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuDevResourceGenerateDesc);
            nint desc = call.WriteNewHandle(HandleKind.CUdevResourceDesc);
            call.WriteArray(resources, nbResources);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                // It is of no context.
                Handles.Add(desc, new HandleInfo(HandleKind.CUdevResourceDesc, 0));
                *phDesc = new CUdevResourceDesc(desc);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuDevResourceGenerateDesc, failure);
        }
    }

    private void CountGreen(int dev, int change)
    {
        PrimaryContext primary = _session.Primary(dev);
        lock (primary)
        {
            primary.Greens += change;
        }
    }
}
