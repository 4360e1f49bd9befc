using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// A device's default pool has a handle that is known without asking. Which pool is a device's current one is known here alone: an
// allocation names its pool, so sessions that share a driver do not see each other's choice.
public sealed unsafe partial class RemoteDriver
{
    private readonly nint[] _currentPools = new nint[ProtocolLimits.Devices]; // 0: the default one.

    /// <inheritdoc/>
    public override CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, int dev) =>
        Facts(dev) is null ? Local(CUresult.CUDA_ERROR_INVALID_DEVICE) : Local(pool_out, new CUmemoryPool(DefaultPool(dev)));

    /// <inheritdoc/>
    public override CUresult cuDeviceGetMemPool(CUmemoryPool* pool, int dev) =>
        Facts(dev) is null ? Local(CUresult.CUDA_ERROR_INVALID_DEVICE) : Local(pool, new CUmemoryPool(CurrentPool(dev)));

    /// <inheritdoc/>
    public override CUresult cuDeviceSetMemPool(int dev, CUmemoryPool pool)
    {
        if (Facts(dev) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_DEVICE);
        }

        if (Handles.Find<PoolInfo>(pool.Value) is not { IsImported: false } info || info.Device != dev)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        Volatile.Write(ref _currentPools[dev], pool.Value);
        return Local(CUresult.CUDA_SUCCESS);
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetDefaultMemPool(CUmemoryPool* pool_out, CUmemLocation_v1* location, CUmemAllocationType type) =>
        CheckLocation(location, type) is CUresult refused ? Local(refused) : cuDeviceGetDefaultMemPool(pool_out, location->id);

    /// <inheritdoc/>
    public override CUresult cuMemGetMemPool(CUmemoryPool* pool, CUmemLocation_v1* location, CUmemAllocationType type) =>
        CheckLocation(location, type) is CUresult refused ? Local(refused) : cuDeviceGetMemPool(pool, location->id);

    /// <inheritdoc/>
    public override CUresult cuMemSetMemPool(CUmemLocation_v1* location, CUmemAllocationType type, CUmemoryPool pool) =>
        CheckLocation(location, type) is CUresult refused ? Local(refused) : cuDeviceSetMemPool(location->id, pool);

    /// <inheritdoc/>
    public override CUresult cuMemPoolCreate(CUmemoryPool* pool, CUmemPoolProps_v1* poolProps)
    {
        if (pool == null || poolProps == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (CheckLocation(&poolProps->location, poolProps->allocType) is CUresult refused)
        {
            return Local(refused);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemPoolCreate);
            nint id = call.WriteNewHandle(HandleKind.CUmemoryPool);
            CUmemPoolProps_v1 sent = *poolProps;
            sent.win32SecurityAttributes = null;
            call.WriteStruct(&sent);
            Handles.Add(id, new PoolInfo(poolProps->location.id) { HandleTypes = poolProps->handleTypes });
            CUresult status = call.Invoke();
            if (status != CUresult.CUDA_SUCCESS)
            {
                Handles.Forget(id);
                return status;
            }

            call.End();
            *pool = new CUmemoryPool(id);
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemPoolCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolDestroy(CUmemoryPool pool)
    {
        if (Handles.Find<PoolInfo>(pool.Value) is not PoolInfo info || HandleId.DefaultPoolDevice(pool.Value) is not null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemPoolDestroy);
            call.WriteHandle(pool.Value);
            call.Post();
            Handles.Forget(pool.Value);
            Interlocked.CompareExchange(ref _currentPools[info.Device], 0, pool.Value);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemPoolDestroy, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    {
        if (CheckAttribute(pool, attr, value) is CUresult refused)
        {
            return Local(refused);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemPoolGetAttribute);
            call.WriteHandle(pool.Value);
            call.Write((int)attr);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong answer = call.ReadUInt64();
                call.End();
                if (IsFlag(attr))
                {
                    *(int*)value = (int)answer;
                }
                else
                {
                    *(ulong*)value = answer;
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemPoolGetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value)
    {
        if (CheckAttribute(pool, attr, value) is CUresult refused)
        {
            return Local(refused);
        }

        ulong wanted = IsFlag(attr) ? (uint)*(int*)value : *(ulong*)value;
        bool allowed = attr switch
        {
            CUmemPool_attribute.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT or CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_CURRENT => false,
            // High-water marks can only be started anew.
            CUmemPool_attribute.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH or CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH => wanted == 0,
            _ => true,
        };
        if (!allowed)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemPoolSetAttribute);
            call.WriteHandle(pool.Value);
            call.Write((int)attr);
            call.Write(wanted);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemPoolSetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemAllocAsync(CUdeviceptr* dptr, nuint bytesize, CUstream hStream)
    {
        if (dptr == null || bytesize == 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (StreamContext(hStream, out CUcontext context) is var status and not CUresult.CUDA_SUCCESS)
        {
            return Local(status);
        }

        int device = Context(context)!.Device;
        return AllocateFrom(CurrentPool(device), device, dptr, bytesize, hStream);
    }

    /// <inheritdoc/>
    public override CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, nuint bytesize, CUmemoryPool pool, CUstream hStream)
    {
        if (dptr == null || bytesize == 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (StreamContext(hStream, out _) is var status and not CUresult.CUDA_SUCCESS)
        {
            return Local(status);
        }

        return Handles.Find<PoolInfo>(pool.Value) is { IsImported: false } info
            ? AllocateFrom(pool.Value, info.Device, dptr, bytesize, hStream)
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    // Posted calls before this one may free what it needs; it waits for its address, but not for the stream.
    private CUresult AllocateFrom(nint pool, int device, CUdeviceptr* address, nuint bytes, CUstream stream)
    {
        try
        {
            var call = new Call(_session, CallId.cuMemAllocAsync);
            call.Write(bytes);
            call.WriteHandle(stream.Value);
            call.WriteHandle(pool);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong given = call.ReadUInt64();
                call.End();
                *address = Adopt(new DeviceRange(given, bytes, default, NextBuffer()) { Device = device, Pool = pool });
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemAllocAsync, failure);
        }
    }

    private nint CurrentPool(int device) => Volatile.Read(ref _currentPools[device]) is var pool and not 0 ? pool : DefaultPool(device);

    private nint DefaultPool(int device)
    {
        nint id = HandleId.DefaultPool(device);
        if (Handles.Find(id) is null)
        {
            Handles.Add(id, new PoolInfo(device));
        }

        return id;
    }

    // Memory on a device that is not managed: the only kind there is a pool for here. Null where it is that.
    private CUresult? CheckLocation(CUmemLocation_v1* location, CUmemAllocationType type)
    {
        if (location == null
            || type is not (CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED or CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_MANAGED)
            || location->type is <= CUmemLocationType.CU_MEM_LOCATION_TYPE_NONE or > CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (type == CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_MANAGED || location->type != CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        return Facts(location->id) is null ? CUresult.CUDA_ERROR_INVALID_VALUE : null;
    }

    private CUresult? CheckAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void* value)
    {
        bool known = attribute is >= CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES
            and <= CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_HIGH;
        return known && value != null && Handles.Find<PoolInfo>(pool.Value) is not null ? null : CUresult.CUDA_ERROR_INVALID_VALUE;
    }

    // The others are 64 bits wide.
    private static bool IsFlag(CUmemPool_attribute attribute) =>
        attribute <= CUmemPool_attribute.CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES;
}
