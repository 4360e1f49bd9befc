using System.Numerics;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Addresses, physical memory, and the mappings that bring them together. None of it belongs to a context.
public unsafe partial class SimulatedDriver
{
    private const nuint Granularity = 2 << 20;

    /// <summary>The address wished for is a hint; an alignment of 0 is the granularity.</summary>
    public override CUresult cuMemAddressReserve(CUdeviceptr* ptr, nuint size, nuint alignment, CUdeviceptr addr, ulong flags)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ptr == null || size == 0 || size % PageBytes != 0 || addr.Value % PageBytes != 0 || flags != 0
            || (alignment != 0 && !BitOperations.IsPow2(alignment)))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        VirtualRange? range = size > VirtualMemory.AddressCount
            ? null
            : _gpu.Virtual.Reserve(size, Math.Max(alignment, Granularity), addr.Value, this);
        return range is null ? CUDA_ERROR_OUT_OF_MEMORY : Give(ptr, new CUdeviceptr(range.Base));
    }

    /// <inheritdoc/>
    public override CUresult cuMemAddressFree(CUdeviceptr ptr, nuint size)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _gpu.Virtual.Free(ptr.Value, size, this) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuMemCreate(ulong* handle, nuint size, CUmemAllocationProp_v1* prop, ulong flags)
    {
        if (CheckProperties(prop, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (handle == null || size == 0 || size % Granularity != 0 || flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        PhysicalAllocation? physical = PhysicalAllocation.Create(_gpu, device, size, *prop);
        if (physical is null)
        {
            MakeRoom(device);
            physical = PhysicalAllocation.Create(_gpu, device, size, *prop);
        }
        return physical is null ? CUDA_ERROR_OUT_OF_MEMORY : GiveHandle(handle, physical);
    }

    /// <summary>The memory lives on while it is mapped.</summary>
    public override CUresult cuMemRelease(ulong handle)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove((nint)handle, out AllocationHandle? found))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        found.Release();
        return CUDA_SUCCESS;
    }

    /// <summary>Maps all of the range to the beginning of the allocation; nothing can access it yet.</summary>
    public override CUresult cuMemMap(CUdeviceptr ptr, nuint size, nuint offset, ulong handle, ulong flags)
    {
        if (EnterAllocation(handle, out PhysicalAllocation physical) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (size == 0 || size % Granularity != 0 || ptr.Value % Granularity != 0 || offset != 0 || flags != 0 || size > physical.Size
            || !_gpu.Virtual.TryFindRange(ptr.Value, out VirtualRange? range) || range.Owner != this || !range.Contains(ptr.Value, size))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!physical.TryRetain())
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!_gpu.Virtual.Map(range, ptr.Value, size, physical.Place, new Mapping(this, range, physical, _gpu.Devices.Count)))
        {
            physical.Release();
            return CUDA_ERROR_INVALID_VALUE;
        }
        return CUDA_SUCCESS;
    }

    /// <summary>Takes whole mappings only, one or several that fill the range. It does not wait for work that uses them.</summary>
    public override CUresult cuMemUnmap(CUdeviceptr ptr, nuint size)
    {
        if (FindMappings(ptr, size) is null || _gpu.Virtual.Unmap(ptr.Value, size) is not { } ended)
        {
            return Ready is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;
        }
        foreach (Mapping mapping in ended.Cast<Mapping>())
        {
            mapping.Physical.Release();
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemSetAccess(CUdeviceptr ptr, nuint size, CUmemAccessDesc_v1* desc, nuint count)
    {
        if (FindMappings(ptr, size) is not { } found)
        {
            return Ready is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;
        }
        if (desc == null || count == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        for (nuint i = 0; i < count; i++)
        {
            if (CheckAccess(desc[i]) is not CUDA_SUCCESS and var wrong)
            {
                return wrong;
            }
        }
        for (nuint i = 0; i < count; i++)
        {
            foreach (Mapping mapping in found)
            {
                mapping.SetAccess(desc[i].location.id, (MemoryAccess)desc[i].flags);
            }
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAccess(ulong* flags, CUmemLocation_v1* location, CUdeviceptr ptr)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (location == null || location->type != CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE || EnterDevice(location->id, out _) != CUDA_SUCCESS
            || !TryFindMapping(ptr.Value, out Mapping mapping))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return Give(flags, (ulong)mapping.GetAccess(location->id));
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAllocationGranularity(
        nuint* granularity, CUmemAllocationProp_v1* prop, CUmemAllocationGranularity_flags option)
    {
        if (CheckProperties(prop, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Enum.IsDefined(option) ? Give(granularity, Granularity) : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp_v1* prop, ulong handle) =>
        EnterAllocation(handle, out PhysicalAllocation physical) is not CUDA_SUCCESS and var error ? error : Give(prop, physical.Properties);

    /// <summary>The handle is one more, to be released as well.</summary>
    public override CUresult cuMemRetainAllocationHandle(ulong* handle, void* addr)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (handle == null || !TryFindMapping((ulong)addr, out Mapping mapping) || !mapping.Physical.TryRetain())
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return GiveHandle(handle, mapping.Physical);
    }

    /// <summary>A device without sparse arrays has nothing to map.</summary>
    public override CUresult cuMemMapArrayAsync(CUarrayMapInfo_v1* mapInfoList, uint count, CUstream hStream)
    {
        if (EnterStream(hStream, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return mapInfoList == null || count == 0 ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_NOT_SUPPORTED;
    }

    /// <summary>Everything that the driver reserved and mapped.</summary>
    private void ReleaseVirtualMemory()
    {
        foreach (VirtualRange range in _gpu.Virtual.RangesOf(this))
        {
            foreach ((ulong address, ulong size) in _gpu.Virtual.MappingsIn(range))
            {
                foreach (Mapping mapping in (_gpu.Virtual.Unmap(address, size) ?? []).Cast<Mapping>())
                {
                    mapping.Physical.Release();
                }
            }
            _gpu.Virtual.Free(range.Base, range.Size, this);
        }
        foreach (AllocationHandle handle in _handles.All<AllocationHandle>())
        {
            handle.Release();
        }
    }

    /// <summary>Gives the program a handle to memory of which the caller has taken a reference.</summary>
    private CUresult GiveHandle(ulong* handle, PhysicalAllocation physical)
    {
        var made = new AllocationHandle(physical);
        nint value = _handles.Add(made);
        if (value == 0 || _state == Deinitialized)
        {
            made.Release();
            return value == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_ERROR_DEINITIALIZED;
        }
        return Give(handle, (ulong)value);
    }

    private CUresult EnterAllocation(ulong handle, out PhysicalAllocation physical)
    {
        CUresult result = Find((nint)handle, out AllocationHandle found);
        physical = result == CUDA_SUCCESS ? found.Physical : null!;
        return result == CUDA_ERROR_INVALID_HANDLE ? CUDA_ERROR_INVALID_VALUE : result;
    }

    private bool TryFindMapping(ulong address, out Mapping mapping)
    {
        mapping = (TryFindDevice(address, out IMemoryOwner owner, out _) ? owner as Mapping : null)!;
        return mapping is not null;
    }

    /// <summary>The mappings of this driver that fill a range, or null.</summary>
    private Mapping[]? FindMappings(CUdeviceptr ptr, nuint size)
    {
        if (Ready != CUDA_SUCCESS || size == 0 || _gpu.Virtual.OwnersIn(ptr.Value, size) is not { } owners)
        {
            return null;
        }
        Mapping[] mappings = [.. owners.Cast<Mapping>()];
        return Array.TrueForAll(mappings, mapping => mapping.Driver == this) ? mappings : null;
    }

    /// <summary>Memory on a device, shareable or not; anything else is what this hardware does not have.</summary>
    private CUresult CheckProperties(CUmemAllocationProp_v1* prop, out SimulatedDevice device)
    {
        device = null!;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (prop == null || prop->type != CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED
            || prop->location.type is <= CUmemLocationType.CU_MEM_LOCATION_TYPE_NONE or > CUmemLocationType.CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT
            || prop->allocFlags.compressionType > 1)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (prop->location.type != CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE || (prop->requestedHandleTypes & ~ShareableTypes) != 0
            || prop->allocFlags.gpuDirectRDMACapable != 0 || prop->allocFlags.usage != 0)
        {
            return CUDA_ERROR_NOT_SUPPORTED;
        }
        return EnterDevice(prop->location.id, out device);
    }
}
