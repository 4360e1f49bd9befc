using System.Collections.Concurrent;
using System.Numerics;
using CudaRpc.Driver;

namespace CudaRpc.Client;

// What is reserved and mapped where is known here, so nearly everything that can be wrong is found here, and mapping is posted: a
// framework that grows its memory in pieces waits for the piece alone.
public sealed unsafe partial class RemoteDriver
{
    private const ulong HostPage = 4096;

    // Every device so far maps in pieces of this size. What does not keep to it is not posted, so that the driver can say what it thinks.
    private const ulong UsualGranularity = 2 << 20;

    private readonly ConcurrentDictionary<(int Device, CUmemAllocationHandleType Types, ulong Flags, CUmemAllocationGranularity_flags), nuint> _granularities =
        new();

    /// <inheritdoc/>
    public override CUresult cuMemAddressReserve(CUdeviceptr* ptr, nuint size, nuint alignment, CUdeviceptr addr, ulong flags)
    {
        if (ptr == null || size == 0 || size % HostPage != 0 || addr.Value % HostPage != 0 || flags != 0
            || (alignment != 0 && !BitOperations.IsPow2(alignment)))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemAddressReserve);
            call.Write(size);
            call.Write(alignment);
            call.Write(addr.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong address = call.ReadUInt64();
                call.End();
                *ptr = Adopt(new DeviceRange(address, size, default, 0) { Reserved = new ReservedRange(address, size) });
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemAddressReserve, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemAddressFree(CUdeviceptr ptr, nuint size)
    {
        if (Reserved(ptr.Value) is not ReservedRange range || range.Base != ptr.Value || range.Bytes != size || !range.IsEmpty
            || !_session.Ranges.RemoveReserved(range))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemAddressFree);
            call.Write(ptr.Value);
            call.Write(size);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemAddressFree, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemCreate(ulong* handle, nuint size, CUmemAllocationProp_v1* prop, ulong flags)
    {
        if (handle == null || size == 0 || flags != 0)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (CheckProperties(prop) is CUresult refused)
        {
            return Local(refused);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemCreate);
            nint id = call.WriteNewHandle(IntegerHandles.Allocation);
            call.Write(size);
            CUmemAllocationProp_v1 sent = *prop;
            sent.win32HandleMetaData = null;
            call.WriteStruct(&sent);
            Handles.Add(id, new AllocationInfo(size, sent, NextBuffer()));
            CUresult status = call.Invoke();
            if (status != CUresult.CUDA_SUCCESS)
            {
                Handles.Forget(id);
                return status;
            }

            call.End();
            *handle = (ulong)id;
            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemRelease(ulong handle)
    {
        if (Handles.Find((nint)handle) is not { Kind: IntegerHandles.Allocation })
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemRelease);
            call.WriteHandle((nint)handle);
            call.Post();
            Handles.Forget((nint)handle);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemRelease, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemMap(CUdeviceptr ptr, nuint size, nuint offset, ulong handle, ulong flags)
    {
        if (size == 0 || offset != 0 || flags != 0 || Handles.Find((nint)handle) is not { Kind: IntegerHandles.Allocation } known
            || Reserved(ptr.Value) is not ReservedRange range || !range.Contains(ptr.Value, size))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        // A multicast object has nothing that is known here.
        AllocationInfo allocation = known as AllocationInfo ?? new AllocationInfo(size, default, 0);
        var mapping = new MappedRange(ptr.Value, size, allocation, _session.Devices.Devices.Count);
        if (size > allocation.Bytes || !range.TryMap(mapping))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemMap);
            call.Write(ptr.Value);
            call.Write(size);
            call.WriteHandle((nint)handle);
            CUresult status = PostOrInvoke(ref call, known is AllocationInfo && IsUsual(ptr.Value, size));
            if (status != CUresult.CUDA_SUCCESS)
            {
                range.Remove(mapping);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemMap, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemUnmap(CUdeviceptr ptr, nuint size)
    {
        if (Reserved(ptr.Value) is not ReservedRange range || range.Filling(ptr.Value, size) is not MappedRange[] mappings)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemUnmap);
            call.Write(ptr.Value);
            call.Write(size);
            call.Post();
            Array.ForEach(mappings, range.Remove);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemUnmap, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemSetAccess(CUdeviceptr ptr, nuint size, CUmemAccessDesc_v1* desc, nuint count)
    {
        if (desc == null || count == 0 || Reserved(ptr.Value) is not ReservedRange range
            || range.Filling(ptr.Value, size) is not MappedRange[] mappings)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        bool own = true;
        for (nuint index = 0; index < count; index++)
        {
            if (CheckAccess(desc[index]) is CUresult refused)
            {
                return Local(refused);
            }

            // Whether another device can get at it is the driver's to say.
            int device = desc[index].location.id;
            own &= Array.TrueForAll(mappings, mapping => mapping.Allocation.Device == device)
                && desc[index].flags == CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
        }

        try
        {
            var call = new Call(_session, CallId.cuMemSetAccess);
            call.Write(ptr.Value);
            call.Write(size);
            call.WriteArray(desc, count);
            CUresult status = PostOrInvoke(ref call, own);
            for (nuint index = 0; index < count && status == CUresult.CUDA_SUCCESS; index++)
            {
                foreach (MappedRange mapping in mappings)
                {
                    mapping[desc[index].location.id] = desc[index].flags;
                }
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemSetAccess, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAccess(ulong* flags, CUmemLocation_v1* location, CUdeviceptr ptr)
    {
        bool known = location != null && location->type == CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE && Facts(location->id) is not null;
        return known && Reserved(ptr.Value)?.Find(ptr.Value) is MappedRange mapping
            ? Local(flags, (ulong)mapping[location->id])
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAllocationGranularity(
        nuint* granularity, CUmemAllocationProp_v1* prop, CUmemAllocationGranularity_flags option)
    {
        if (granularity == null || option > CUmemAllocationGranularity_flags.CU_MEM_ALLOC_GRANULARITY_RECOMMENDED)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (CheckProperties(prop) is CUresult refused)
        {
            return Local(refused);
        }

        CUmemAllocationProp_v1 sent = *prop;
        sent.win32HandleMetaData = null;
        (int, CUmemAllocationHandleType, ulong, CUmemAllocationGranularity_flags) key =
            (sent.location.id, sent.requestedHandleTypes, *(ulong*)&sent.allocFlags, option);
        if (_granularities.TryGetValue(key, out nuint seen))
        {
            return Local(granularity, seen);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemGetAllocationGranularity);
            call.WriteStruct(&sent);
            call.Write((int)option);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                *granularity = call.ReadNUInt();
                call.End();
                _granularities[key] = *granularity;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemGetAllocationGranularity, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp_v1* prop, ulong handle) =>
        Handles.Find<AllocationInfo>((nint)handle) is AllocationInfo info ? Local(prop, info.Properties) : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    /// <inheritdoc/>
    public override CUresult cuMemRetainAllocationHandle(ulong* handle, void* addr)
    {
        if (handle == null || Reserved((ulong)addr)?.Find((ulong)addr) is not MappedRange mapping)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuMemRetainAllocationHandle);
            nint id = call.WriteNewHandle(IntegerHandles.Allocation);
            call.Write((ulong)addr);
            Handles.Add(id, mapping.Allocation);
            *handle = (ulong)id;
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuMemRetainAllocationHandle, failure);
        }
    }

    private static CUresult PostOrInvoke(ref Call call, bool post)
    {
        if (post)
        {
            return call.Post();
        }

        CUresult status = call.Invoke();
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.End();
        }

        return status;
    }

    private static bool IsUsual(ulong address, ulong bytes) => address % UsualGranularity == 0 && bytes % UsualGranularity == 0;

    private ReservedRange? Reserved(ulong address) => _session.Ranges.TryFind(address, out DeviceRange range) ? range.Reserved : null;

    // Page-locked memory on a device; memory on the host would be the server's. Null where it is that.
    private CUresult? CheckProperties(CUmemAllocationProp_v1* prop)
    {
        if (prop == null || prop->type != CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUresult? refused = CheckLocation(&prop->location, prop->type);
        return refused == CUresult.CUDA_ERROR_INVALID_VALUE && prop->location.type == CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE
            ? CUresult.CUDA_ERROR_INVALID_DEVICE
            : refused;
    }

    private CUresult? CheckAccess(in CUmemAccessDesc_v1 access)
    {
        bool known = access.flags is CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_NONE or CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READ
            or CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
        return access.location.type switch
        {
            _ when !known => CUresult.CUDA_ERROR_INVALID_VALUE,
            CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE => Facts(access.location.id) is null ? CUresult.CUDA_ERROR_INVALID_DEVICE : null,
            // The program's memory is on another machine.
            CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST or CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA
                or CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT => CUresult.CUDA_ERROR_NOT_SUPPORTED,
            _ => CUresult.CUDA_ERROR_INVALID_VALUE,
        };
    }
}
