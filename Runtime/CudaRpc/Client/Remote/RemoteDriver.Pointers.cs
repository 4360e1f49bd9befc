using CudaRpc.Driver;

namespace CudaRpc.Client;

// Host and device addresses share one space; the client knows both sides and answers without asking.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr) =>
        data == null ? Local(CUresult.CUDA_ERROR_INVALID_VALUE) : Local(Attribute(data, attribute, ptr.Value));

    /// <inheritdoc/>
    public override CUresult cuPointerGetAttributes(uint numAttributes, CUpointer_attribute* attributes, void** data, CUdeviceptr ptr)
    {
        if (numAttributes == 0 || attributes == null || data == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        // Unlike the single form this one succeeds for any pointer: what has no answer is zero.
        for (uint index = 0; index < numAttributes; index++)
        {
            if (data[index] == null || Size(attributes[index]) is not int size)
            {
                return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
            }

            if (Attribute(data[index], attributes[index], ptr.Value) != CUresult.CUDA_SUCCESS)
            {
                new Span<byte>(data[index], size).Clear();
                if (attributes[index] == CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL)
                {
                    *(int*)data[index] = -2;
                }
            }
        }

        return Local(CUresult.CUDA_SUCCESS);
    }

    /// <inheritdoc/>
    public override CUresult cuPointerSetAttribute(void* value, CUpointer_attribute attribute, CUdeviceptr ptr)
    {
        MappedRange? mapping = null;
        if (value == null || attribute != CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS
            || !_session.Ranges.TryFind(ptr.Value, out DeviceRange range)
            || (range.Reserved is ReservedRange reserved && (mapping = reserved.Find(ptr.Value)) is null))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuPointerSetAttribute);
            call.WriteArray((byte*)value, sizeof(int));
            call.Write((int)attribute);
            call.Write(ptr.Value);
            CUresult status = call.Invoke();
            if (status != CUresult.CUDA_SUCCESS)
            {
                return status;
            }

            call.End();
            if (mapping is not null)
            {
                mapping.IsSynchronous = *(int*)value != 0;
            }
            else
            {
                _session.Ranges.SetSynchronous(range.Base, *(int*)value != 0);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuPointerSetAttribute, failure);
        }
    }

    private CUresult Attribute(void* data, CUpointer_attribute attribute, ulong address)
    {
        if (Size(attribute) is not int size)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        ulong? value = _session.Ranges.TryFind(address, out DeviceRange range)
            ? range.Reserved is ReservedRange reserved ? OfMapping(attribute, address, reserved) : OfDevice(attribute, address, range)
            : HostMemory.Blocks.Find(address) is HostBlock block ? OfHost(attribute, address, block) : null;
        if (value is not ulong known)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        new ReadOnlySpan<byte>(&known, size).CopyTo(new Span<byte>(data, size));
        return CUresult.CUDA_SUCCESS;
    }

    // Bytes of each attribute's answer; null for those that are not answered.
    private static int? Size(CUpointer_attribute attribute) => attribute switch
    {
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_POINTER => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_HOST_POINTER => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_BUFFER_ID => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_MANAGED => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_SIZE => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID => 8,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_ACCESS_FLAGS => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE => 4,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_HW_DECOMPRESS_CAPABLE => 4,
        _ => null,
    };

    // Reserved addresses where nothing is mapped are nobody's.
    private ulong? OfMapping(CUpointer_attribute attribute, ulong address, ReservedRange reserved) => reserved.Find(address) is not MappedRange mapping
        ? null
        : attribute switch
        {
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE => (ulong)CUmemorytype.CU_MEMORYTYPE_DEVICE,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_POINTER => address,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_BUFFER_ID or CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID => mapping.Allocation.BlockId,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL => (ulong)mapping.Allocation.Device,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR => reserved.Base,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE => reserved.Bytes,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR => mapping.Base,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_SIZE => mapping.Bytes,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED => 1,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS => mapping.IsSynchronous ? 1u : 0u,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES => (ulong)mapping.Allocation.Properties.requestedHandleTypes,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_ACCESS_FLAGS => (ulong)mapping[Context(default)?.Device ?? mapping.Allocation.Device],
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_HOST_POINTER => null,
            _ => 0,
        };

    private ulong? OfDevice(CUpointer_attribute attribute, ulong address, in DeviceRange range) => attribute switch
    {
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT => (ulong)range.Context.Value,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE => (ulong)CUmemorytype.CU_MEMORYTYPE_DEVICE,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_POINTER => address,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_BUFFER_ID or CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID => range.BufferId,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL => (ulong)range.Device,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR or CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR => range.Base,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE or CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_SIZE => range.Bytes,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_ACCESS_FLAGS => (ulong)CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED => 1,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_SYNC_MEMOPS => range.IsSynchronous ? 1u : 0u,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE => range is { Pool: 0, IsImported: false, Owner: 0 } ? 1u : 0u,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES => (ulong)(Handles.Find<PoolInfo>(range.Pool)?.HandleTypes ?? 0),
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE => (ulong)range.Pool,
        CUpointer_attribute.CU_POINTER_ATTRIBUTE_HOST_POINTER => null,
        _ => 0,
    };

    private ulong? OfHost(CUpointer_attribute attribute, ulong address, HostBlock block)
    {
        ulong offset = address - (block.Contains(address) ? block.Start : block.DeviceAddress);
        bool isManaged = block.Kind == HostBlockKind.Managed;
        return attribute switch
        {
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT => (ulong)block.Context.Value,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE =>
                (ulong)(isManaged ? CUmemorytype.CU_MEMORYTYPE_DEVICE : CUmemorytype.CU_MEMORYTYPE_HOST),
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_HOST_POINTER => block.Start + offset,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_POINTER => block.DeviceAddress + offset,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL => (ulong?)(Context(block.Context) ?? Context(default))?.Device,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_BUFFER_ID => (1UL << 63) | block.Id,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR or CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR => block.Start,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE or CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPING_SIZE => block.Bytes,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_ACCESS_FLAGS => (ulong)CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_MANAGED => isManaged ? 1UL : 0,
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED => isManaged ? 1UL : 0,
            _ => 0,
        };
    }
}
