using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const uint MaxPointerAttributes = 64;

    /// <inheritdoc/>
    public override CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        PointerInfo info = Describe(ptr.Value);
        return data == null || !info.IsKnown ? CUDA_ERROR_INVALID_VALUE : info.Write(attribute, data);
    }

    /// <summary>An address nobody knows is no error here: its attributes are 0.</summary>
    public override CUresult cuPointerGetAttributes(uint numAttributes, CUpointer_attribute* attributes, void** data, CUdeviceptr ptr)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (numAttributes is 0 or > MaxPointerAttributes || attributes == null || data == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        PointerInfo info = Describe(ptr.Value);
        for (uint i = 0; i < numAttributes; i++)
        {
            if (data[i] == null)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            if (info.Write(attributes[i], data[i]) is not CUDA_SUCCESS and var failed)
            {
                // Unlike the single form this one has an answer for memory that the host cannot reach; the CUDA runtime asks for it.
                if (attributes[i] != CUpointer_attribute.CU_POINTER_ATTRIBUTE_HOST_POINTER)
                {
                    return failed;
                }
                *(ulong*)data[i] = 0;
            }
        }
        return CUDA_SUCCESS;
    }

    /// <summary>The only attribute that can be set, of device memory.</summary>
    public override CUresult cuPointerSetAttribute(void* value, CUpointer_attribute attribute, CUdeviceptr ptr)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value == null || attribute != CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS
            || !TryFindDevice(ptr.Value, out _, out Allocation allocation))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        allocation.IsSynchronous = *(int*)value != 0;
        return CUDA_SUCCESS;
    }

    // As the current context sees it, or without one the memory's own device.
    private MemoryAccess AccessHere(IMemoryOwner owner) =>
        Current(out DriverContext context) == CUDA_SUCCESS ? owner.AccessFrom(context)
            : owner is Mapping mapping ? mapping.GetAccess(mapping.Device.Ordinal) : MemoryAccess.ReadWrite;

    private PointerInfo Describe(ulong address)
    {
        if (TryFindDevice(address, out IMemoryOwner owner, out Allocation allocation))
        {
            // A module's variable is no allocation of the program's: it has no id.
            owner.TryGetAllocation(allocation.Base, out DeviceAllocation known);
            return new PointerInfo
            {
                Context = owner.Context,
                Device = owner.Device,
                MemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE,
                Address = address,
                Start = (owner as Mapping)?.Range.Base ?? allocation.Base,
                Size = (owner as Mapping)?.Range.Size ?? allocation.Size,
                MappingStart = allocation.Base,
                MappingSize = allocation.Size,
                Id = (owner as Mapping)?.Physical.Id ?? known.Id,
                Pool = known.Pool?.Handle ?? 0,
                HandleTypes = (owner as Mapping)?.Physical.Properties.requestedHandleTypes ?? known.Pool?.HandleTypes ?? 0,
                Access = AccessHere(owner),
                IsSynchronous = allocation.IsSynchronous,
            };
        }
        if (_hostRanges.TryFind(address, out HostRange? range))
        {
            bool isManaged = range.Kind is HostRangeKind.Managed or HostRangeKind.Variable;
            return new PointerInfo
            {
                Context = range.Context,
                MemoryType = isManaged ? CUmemorytype.CU_MEMORYTYPE_DEVICE : CUmemorytype.CU_MEMORYTYPE_HOST,
                IsOnHost = true,
                IsManaged = isManaged,
                Address = address,
                Start = range.Start,
                Size = range.Size,
                MappingStart = range.Start,
                MappingSize = range.Size,
                Access = MemoryAccess.ReadWrite,
                Id = range.Id,
            };
        }
        return default;
    }
}
