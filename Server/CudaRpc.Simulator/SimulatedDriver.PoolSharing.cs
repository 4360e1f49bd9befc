using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Memory pools that the drivers on one GPU show each other, or a driver itself. A handle means nothing to the GPU of another process.
public unsafe partial class SimulatedDriver
{
    private const byte PoolToken = (byte)'P', PointerToken = (byte)'Q';

    /// <summary>Only what was created with that type of handle has one; what was imported has none.</summary>
    public override CUresult cuMemPoolExportToShareableHandle(void* handle_out, CUmemoryPool pool, CUmemAllocationHandleType handleType, ulong flags)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (handle_out == null || flags != 0 || (found.HandleTypes & handleType) == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        _gpu.SharedPools[found.Handle] = found;
        Span<byte> token = stackalloc byte[ShareToken.Size];
        ShareToken.Write(token, PoolToken, new UInt128(_gpu.ShareKey, (ulong)found.Handle));
        return ShareableHandle.Give(handle_out, handleType, token);
    }

    /// <summary>The new pool is accessible to its own device until access is given.</summary>
    public override CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool* pool_out, void* handle, CUmemAllocationHandleType handleType, ulong flags)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pool_out == null || flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        Span<byte> token = stackalloc byte[ShareToken.Size];
        if (ShareableHandle.Take(handle, handleType, PoolToken, token) is not CUDA_SUCCESS and var none)
        {
            return none;
        }
        if (NumberIn(token, PoolToken) is not ulong number || !_gpu.SharedPools.TryGetValue((nint)number, out MemoryPool? source))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var imported = new MemoryPool(this, source.Device, _gpu.Devices.Count) { Source = source };
        return Keep(imported) ? Give(pool_out, new CUmemoryPool(imported.Handle)) : CUDA_ERROR_OUT_OF_MEMORY;
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolExportPointer(CUmemPoolPtrExportData_v1* shareData_out, CUdeviceptr ptr)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (shareData_out == null || !TryFindDevice(ptr.Value, out IMemoryOwner owner, out Allocation allocation) || allocation.Base != ptr.Value
            || owner is not MemoryPool { HandleTypes: not CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_NONE })
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        ShareToken.Write(new Span<byte>(shareData_out, ShareToken.Size), PointerToken, new UInt128(_gpu.ShareKey, ptr.Value));
        return CUDA_SUCCESS;
    }

    /// <summary>Gives the memory an address of its own here; it lives until it is freed under each of its addresses.</summary>
    public override CUresult cuMemPoolImportPointer(CUdeviceptr* ptr_out, CUmemoryPool pool, CUmemPoolPtrExportData_v1* shareData)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ptr_out == null || shareData == null || NumberIn(new Span<byte>(shareData, ShareToken.Size), PointerToken) is not ulong exported)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        ulong address = found.Import(exported);
        return address == 0 ? CUDA_ERROR_INVALID_VALUE : Give(ptr_out, new CUdeviceptr(address));
    }

    // What a token of this GPU names; null for any other.
    private ulong? NumberIn(ReadOnlySpan<byte> token, byte kind) =>
        ShareToken.Read(token, kind) is UInt128 number && (ulong)(number >> 64) == _gpu.ShareKey ? (ulong)number : null;
}
