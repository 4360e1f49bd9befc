using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;
using static CudaRpc.Driver.CUmemPool_attribute;

namespace CudaRpc.Simulator;

public sealed unsafe partial class SimulatedDriver
{
    // Each device has its default pool and no other.
    private readonly MemoryPool[] _pools;

    /// <inheritdoc/>
    public override CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, int dev) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : Give(pool_out, new CUmemoryPool(_pools[dev].Handle));

    /// <summary>The current pool is always the default one.</summary>
    public override CUresult cuDeviceGetMemPool(CUmemoryPool* pool, int dev) => cuDeviceGetDefaultMemPool(pool, dev);

    /// <inheritdoc/>
    public override CUresult cuMemAllocAsync(CUdeviceptr* dptr, nuint bytesize, CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        DriverContext context = stream.Context;
        return dptr == null || bytesize == 0
            ? CUDA_ERROR_INVALID_VALUE
            : Allocate(context, bytesize, _pools[context.Device.Ordinal], dptr);
    }

    /// <inheritdoc/>
    public override CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, nuint bytesize, CUmemoryPool pool, CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Find(pool.Value, out MemoryPool found) is not CUDA_SUCCESS || found.Device != stream.Context.Device)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return cuMemAllocAsync(dptr, bytesize, hStream);
    }

    /// <summary>The memory is freed when the stream comes to it.</summary>
    public override CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dptr.Value == 0)
        {
            return CUDA_SUCCESS;
        }
        if (!TryFindDevice(dptr.Value, out DriverContext owner, out Allocation _)
            || !owner.Disown(dptr.Value, out DeviceAllocation allocation))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return Submitted(stream.Context.Submit(stream, new FreeWork(owner, allocation), out _));
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        switch (attr)
        {
            case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES or CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC
                or CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
                return Give((int*)value, found.GetReuse(attr));
            case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
                return Give((ulong*)value, found.ReleaseThreshold);
            case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT or CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
                return Give((ulong*)value, found.Used);
            case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH or CU_MEMPOOL_ATTR_USED_MEM_HIGH:
                return Give((ulong*)value, found.UsedHigh);
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    /// <summary>Reuse and threshold are permissions to keep memory that the pool does not use; high marks can only be set to 0.</summary>
    public override CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        switch (attr)
        {
            case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES or CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC
                or CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
                found.SetReuse(attr, *(int*)value);
                return CUDA_SUCCESS;
            case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
                found.ReleaseThreshold = *(ulong*)value;
                return CUDA_SUCCESS;
            case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH or CU_MEMPOOL_ATTR_USED_MEM_HIGH when *(ulong*)value == 0:
                found.ResetHigh();
                return CUDA_SUCCESS;
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    /// <summary>The pool keeps nothing that it could give back.</summary>
    public override CUresult cuMemPoolTrimTo(CUmemoryPool pool, nuint minBytesToKeep) =>
        EnterPool(pool, out _);

    private CUresult EnterPool(CUmemoryPool pool, out MemoryPool found)
    {
        CUresult result = Find(pool.Value, out found);
        return result == CUDA_ERROR_INVALID_HANDLE ? CUDA_ERROR_INVALID_VALUE : result;
    }
}
