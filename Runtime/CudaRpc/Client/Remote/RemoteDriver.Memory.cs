using CudaRpc.Driver;

namespace CudaRpc.Client;

// Device addresses are the server's own. The client keeps the ranges it has been given, so that it can tell them from its own memory.
public sealed unsafe partial class RemoteDriver
{
    private ulong _lastBuffer;

    /// <inheritdoc/>
    public override CUresult cuMemAlloc_v2(CUdeviceptr* dptr, nuint bytesize)
    {
        if (dptr == null || bytesize == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuMemAlloc_v2);
            call.Write(bytesize);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                *dptr = Adopt(call.ReadUInt64(), bytesize);
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemAlloc_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemAllocPitch_v2(CUdeviceptr* dptr, nuint* pPitch, nuint WidthInBytes, nuint Height, uint ElementSizeBytes)
    {
        if (dptr == null || pPitch == null || WidthInBytes == 0 || Height == 0)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuMemAllocPitch_v2);
            call.Write(WidthInBytes);
            call.Write(Height);
            call.Write(ElementSizeBytes);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong address = call.ReadUInt64();
                nuint pitch = call.ReadNUInt();
                call.End();
                *dptr = Adopt(address, checked(pitch * Height));
                *pPitch = pitch;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemAllocPitch_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemFree_v2(CUdeviceptr dptr)
    {
        if (dptr.Value == 0)
        {
            return Local(CUresult.CUDA_SUCCESS);
        }

        if (Context(default) is null)
        {
            return Local(NoContext());
        }

        if (!GiveUp(dptr.Value))
        {
            return FreeManaged(dptr.Value);
        }

        try
        {
            CUresult waited = EndHostWork(CurrentOwner);
            var call = new Call(_session, CallId.cuMemFree_v2);
            call.Write(dptr.Value);
            call.Post();
            return FaultOf(default) ?? waited;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemFree_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream)
    {
        if (Handles.Check(hStream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (!GiveUp(dptr.Value))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemFreeAsync);
            call.Write(dptr.Value);
            call.WriteHandle(hStream.Value);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemFreeAsync, failure);
        }
    }

    // Memory of the current context.
    private bool GiveUp(ulong address) => _graphMemory.ContainsKey(address) || _session.Ranges.Remove(address);

    private CUdeviceptr Adopt(ulong address, nuint bytes) =>
        Adopt(new DeviceRange(address, bytes, CurrentOwner, NextBuffer()) { Device = Context(default)?.Device ?? 0 });

    private CUdeviceptr Adopt(in DeviceRange range)
    {
        _session.Ranges.Add(range);
        return new CUdeviceptr(range.Base);
    }

    private ulong NextBuffer() => Interlocked.Increment(ref _lastBuffer);
}
