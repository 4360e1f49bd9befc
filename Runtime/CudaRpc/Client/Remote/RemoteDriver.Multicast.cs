using CudaRpc.Driver;

namespace CudaRpc.Client;

// Multicast objects have handles of the same type as physical memory. Rare, so nothing is known of them here.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuMulticastCreate(ulong* mcHandle, CUmulticastObjectProp_v1* prop)
    {
        if (mcHandle == null || prop == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMulticastCreate);
            nint id = call.WriteNewHandle(IntegerHandles.Allocation);
            call.WriteStruct(prop);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                *mcHandle = (ulong)id;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMulticastCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMulticastAddDevice(ulong mcHandle, int dev)
    {
        if (Facts(dev) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        return OfMulticast(CallId.cuMulticastAddDevice, mcHandle, [(ulong)dev]);
    }

    /// <inheritdoc/>
    public override CUresult cuMulticastBindMem(ulong mcHandle, nuint mcOffset, ulong memHandle, nuint memOffset, nuint size, ulong flags) =>
        Handles.Find<AllocationInfo>((nint)memHandle) is null
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : OfMulticast(CallId.cuMulticastBindMem, mcHandle, [mcOffset, memHandle, memOffset, size, flags]);

    /// <inheritdoc/>
    public override CUresult cuMulticastBindAddr(ulong mcHandle, nuint mcOffset, CUdeviceptr memptr, nuint size, ulong flags) =>
        Reserved(memptr.Value) is null
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : OfMulticast(CallId.cuMulticastBindAddr, mcHandle, [mcOffset, memptr.Value, size, flags]);

    /// <inheritdoc/>
    public override CUresult cuMulticastUnbind(ulong mcHandle, int dev, nuint mcOffset, nuint size) =>
        Facts(dev) is null
            ? Local(CUresult.CUDA_ERROR_INVALID_DEVICE)
            : OfMulticast(CallId.cuMulticastUnbind, mcHandle, [(ulong)dev, mcOffset, size]);

    private CUresult OfMulticast(uint callId, ulong handle, ReadOnlySpan<ulong> arguments)
    {
        if (Handles.Find((nint)handle) is not { Kind: IntegerHandles.Allocation } or AllocationInfo)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle((nint)handle);
            foreach (ulong argument in arguments)
            {
                call.Write(argument);
            }

            return PostOrInvoke(ref call, post: false);
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
