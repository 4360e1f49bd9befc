using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Memory pools between programs: tokens of the server, as for other memory. An imported pool is one of this session, and so is its memory,
// which is freed like any other.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuMemPoolExportToShareableHandle(void* handle_out, CUmemoryPool pool, CUmemAllocationHandleType handleType, ulong flags)
    {
        if (handle_out == null || flags != 0 || Handles.Find<PoolInfo>(pool.Value) is not PoolInfo info || (info.HandleTypes & handleType) == 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        byte* token = stackalloc byte[ShareToken.Size];
        CUresult status = GetToken(CallId.cuMemPoolExportToShareableHandle, (ulong)pool.Value, (uint)info.Device, token);
        return status == CUresult.CUDA_SUCCESS
            ? ShareableHandle.Give(handle_out, handleType, new ReadOnlySpan<byte>(token, ShareToken.Size))
            : status;
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool* pool_out, void* handle, CUmemAllocationHandleType handleType, ulong flags)
    {
        if (pool_out == null || flags != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        byte* token = stackalloc byte[ShareToken.Size];
        if (ShareableHandle.Take(handle, handleType, (byte)'P', new Span<byte>(token, ShareToken.Size)) is not CUresult.CUDA_SUCCESS and var none)
        {
            return Local(none);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemPoolImportFromShareableHandle);
            nint id = call.WriteNewHandle(HandleKind.CUmemoryPool);
            call.Write((uint)handleType);
            call.WriteArray(token, ShareToken.Size);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                int device = call.ReadInt32();
                call.End();
                Handles.Add(id, new PoolInfo(device) { IsImported = true });
                *pool_out = new CUmemoryPool(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemPoolImportFromShareableHandle, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolExportPointer(CUmemPoolPtrExportData_v1* shareData_out, CUdeviceptr ptr)
    {
        // Only the start of an allocation: nothing says what importing a part would give.
        bool exportable = _session.Ranges.TryFind(ptr.Value, out DeviceRange range) && range.Base == ptr.Value
            && Handles.Find<PoolInfo>(range.Pool) is { HandleTypes: not CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_NONE };
        return shareData_out == null || !exportable
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : GetToken(CallId.cuMemPoolExportPointer, ptr.Value, 0, (byte*)shareData_out, (ulong)range.Pool);
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolImportPointer(CUdeviceptr* ptr_out, CUmemoryPool pool, CUmemPoolPtrExportData_v1* shareData)
    {
        if (ptr_out == null || shareData == null || Handles.Find<PoolInfo>(pool.Value) is not { IsImported: true } info
            || ShareToken.Read(new ReadOnlySpan<byte>(shareData, ShareToken.Size), (byte)'Q') is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemPoolImportPointer);
            call.WriteHandle(pool.Value);
            call.WriteStruct(shareData);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong address = call.ReadUInt64();
                ulong bytes = call.ReadUInt64();
                call.End();
                *ptr_out = Adopt(new DeviceRange(address, bytes, default, NextBuffer()) { Device = info.Device, Pool = pool.Value });
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemPoolImportPointer, failure);
        }
    }
}
