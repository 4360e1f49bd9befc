using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using static CudaRpc.Driver.CUmemPool_attribute;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const CUmemAllocationHandleType ShareableTypes =
        CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR | CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_FABRIC;

    // By device. The default pool of a device lives as long as the driver.
    private readonly MemoryPool[] _defaultPools;
    private readonly MemoryPool[] _currentPools;

    // Replaced under _lock: pools that the program let go of are in it until the driver is disposed of, for what is allocated in them.
    private volatile MemoryPool[] _pools;

    /// <inheritdoc/>
    public override CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, int dev) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : Give(pool_out, new CUmemoryPool(_defaultPools[dev].Handle));

    /// <inheritdoc/>
    public override CUresult cuDeviceGetMemPool(CUmemoryPool* pool, int dev) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : Give(pool, new CUmemoryPool(CurrentPool(dev).Handle));

    /// <inheritdoc/>
    public override CUresult cuDeviceSetMemPool(int dev, CUmemoryPool pool)
    {
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS || found.Device != device || found.Source is not null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        Volatile.Write(ref _currentPools[dev], found);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetDefaultMemPool(CUmemoryPool* pool_out, CUmemLocation_v1* location, CUmemAllocationType type) =>
        EnterLocation(location, type, out int device) is not CUDA_SUCCESS and var error ? error : cuDeviceGetDefaultMemPool(pool_out, device);

    /// <inheritdoc/>
    public override CUresult cuMemGetMemPool(CUmemoryPool* pool, CUmemLocation_v1* location, CUmemAllocationType type) =>
        EnterLocation(location, type, out int device) is not CUDA_SUCCESS and var error ? error : cuDeviceGetMemPool(pool, device);

    /// <inheritdoc/>
    public override CUresult cuMemSetMemPool(CUmemLocation_v1* location, CUmemAllocationType type, CUmemoryPool pool) =>
        EnterLocation(location, type, out int device) is not CUDA_SUCCESS and var error ? error : cuDeviceSetMemPool(device, pool);

    /// <inheritdoc/>
    public override CUresult cuMemPoolCreate(CUmemoryPool* pool, CUmemPoolProps_v1* poolProps)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pool == null || poolProps == null || new ReadOnlySpan<byte>(poolProps->reserved, 54).ContainsAnyExcept((byte)0))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (EnterLocation(&poolProps->location, poolProps->allocType, out int device) is not CUDA_SUCCESS and var nowhere)
        {
            return nowhere == CUDA_ERROR_INVALID_DEVICE ? CUDA_ERROR_INVALID_VALUE : nowhere;
        }
        if ((poolProps->handleTypes & ~ShareableTypes) != 0)
        {
            return CUDA_ERROR_NOT_SUPPORTED;
        }
        var created = new MemoryPool(this, _gpu.Devices[device], _gpu.Devices.Count, poolProps->maxSize)
        {
            HandleTypes = poolProps->handleTypes,
        };
        return Keep(created) ? Give(pool, new CUmemoryPool(created.Handle)) : CUDA_ERROR_OUT_OF_MEMORY;
    }

    /// <summary>Returns at once; what is allocated in the pool lives until it is freed. The default pool cannot be destroyed.</summary>
    public override CUresult cuMemPoolDestroy(CUmemoryPool pool)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        int device = found.Device.Ordinal;
        if (found == _defaultPools[device] || !_handles.Remove(pool.Value, out found!))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        Interlocked.CompareExchange(ref _currentPools[device], _defaultPools[device], found);
        _gpu.SharedPools.TryRemove(pool.Value, out _);
        found.Destroy();
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemAllocAsync(CUdeviceptr* dptr, nuint bytesize, CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dptr == null || bytesize == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return stream.Capture is { } capture
            ? AllocateCaptured(capture, stream, bytesize, dptr)
            : Allocate(CurrentPool(stream.Context.Device.Ordinal), bytesize, dptr);
    }

    /// <summary>The pool may be another device's than the stream's.</summary>
    public override CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, nuint bytesize, CUmemoryPool pool, CUstream hStream)
    {
        if (EnterStream(hStream, out DriverStream stream) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS || found.Source is not null || dptr == null || bytesize == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (stream.Capture is { } capture)
        {
            return AllocateCaptured(capture, stream, bytesize, dptr);
        }
        return Allocate(found, bytesize, dptr);
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
        if (stream.Capture is { } capture)
        {
            return TryFindDevice(dptr.Value, out _, out _)
                ? capture.Add(stream, new FreeContent(dptr, this), out _)
                : CUDA_ERROR_INVALID_VALUE;
        }
        if (!TryFindDevice(dptr.Value, out IMemoryOwner owner, out _) || !owner.Disown(dptr.Value, out DeviceAllocation allocation))
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
        return attr switch
        {
            CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES or CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC
                or CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES => Give((int*)value, found.GetReuse(attr)),
            CU_MEMPOOL_ATTR_RELEASE_THRESHOLD => Give((ulong*)value, found.ReleaseThreshold),
            CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT or CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH or CU_MEMPOOL_ATTR_USED_MEM_CURRENT
                or CU_MEMPOOL_ATTR_USED_MEM_HIGH => Give((ulong*)value, found.Read(attr)),
            _ => CUDA_ERROR_INVALID_VALUE,
        };
    }

    /// <summary>Reuse is a permission that the simulator never needs; high marks can only be set to 0.</summary>
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
                found.ResetHigh(attr);
                return CUDA_SUCCESS;
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolTrimTo(CUmemoryPool pool, nuint minBytesToKeep)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        found.Trim(minBytesToKeep);
        return CUDA_SUCCESS;
    }

    /// <summary>A pool's own device keeps its access.</summary>
    public override CUresult cuMemPoolSetAccess(CUmemoryPool pool, CUmemAccessDesc_v1* map, nuint count)
    {
        if (EnterPool(pool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (map == null && count != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        for (nuint i = 0; i < count; i++)
        {
            if (CheckAccess(map[i]) is not CUDA_SUCCESS and var wrong)
            {
                return wrong;
            }
            if (map[i].location.id == found.Device.Ordinal && map[i].flags != CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
        }
        for (nuint i = 0; i < count; i++)
        {
            found.SetAccess(map[i].location.id, (MemoryAccess)map[i].flags);
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemPoolGetAccess(CUmemAccess_flags* flags, CUmemoryPool memPool, CUmemLocation_v1* location)
    {
        if (EnterPool(memPool, out MemoryPool found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (location == null || location->type != CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE || EnterDevice(location->id, out _) != CUDA_SUCCESS)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return Give(flags, (CUmemAccess_flags)found.GetAccess(location->id));
    }

    /// <summary>A synchronisation is where pools give back what is above their threshold.</summary>
    private void TrimPools()
    {
        foreach (MemoryPool pool in _pools)
        {
            pool.Trim(pool.ReleaseThreshold);
        }
    }

    private MemoryPool CurrentPool(int device) => Volatile.Read(ref _currentPools[device]);

    private bool Keep(MemoryPool pool)
    {
        pool.Handle = _handles.Add(pool);
        if (pool.Handle == 0)
        {
            return false;
        }
        lock (_lock)
        {
            if (_state == Deinitialized)
            {
                return false;
            }
            _pools = [.. _pools, pool];
            return true;
        }
    }

    private CUresult EnterPool(CUmemoryPool pool, out MemoryPool found)
    {
        CUresult result = Find(pool.Value, out found);
        return result == CUDA_ERROR_INVALID_HANDLE ? CUDA_ERROR_INVALID_VALUE : result;
    }

    /// <summary>The device of a place for page-locked memory; the simulated devices have no such memory elsewhere, and none that is managed.</summary>
    private CUresult EnterLocation(CUmemLocation_v1* location, CUmemAllocationType type, out int device)
    {
        device = 0;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (location == null || type is not (CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED or CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_MANAGED)
            || location->type is <= CUmemLocationType.CU_MEM_LOCATION_TYPE_NONE or > CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (type == CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_MANAGED || location->type != CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE)
        {
            return CUDA_ERROR_NOT_SUPPORTED;
        }
        device = location->id;
        return EnterDevice(device, out _);
    }

    /// <summary>Whether access can be given as said.</summary>
    private CUresult CheckAccess(in CUmemAccessDesc_v1 access)
    {
        if (access.flags is not (CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE or CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READ
            or CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return access.location.type switch
        {
            CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE => EnterDevice(access.location.id, out _),
            CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST or CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA
                or CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT => CUDA_ERROR_NOT_SUPPORTED,
            _ => CUDA_ERROR_INVALID_VALUE,
        };
    }
}
