using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuArrayCreate_v2(CUarray* pHandle, CUDA_ARRAY_DESCRIPTOR_v2* pAllocateArray)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return pHandle == null || pAllocateArray == null
            ? CUDA_ERROR_INVALID_VALUE
            : CreateArray(
                context,
                new ArrayShape(
                    pAllocateArray->Width, pAllocateArray->Height, 0, pAllocateArray->Format, pAllocateArray->NumChannels, 0),
                pHandle);
    }

    /// <inheritdoc/>
    public override CUresult cuArray3DCreate_v2(CUarray* pHandle, CUDA_ARRAY3D_DESCRIPTOR_v2* pAllocateArray)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return pHandle == null || pAllocateArray == null
            ? CUDA_ERROR_INVALID_VALUE
            : CreateArray(context, Shape(*pAllocateArray), pHandle);
    }

    /// <inheritdoc/>
    public override CUresult cuArrayGetDescriptor_v2(CUDA_ARRAY_DESCRIPTOR_v2* pArrayDescriptor, CUarray hArray)
    {
        if (EnterArray(hArray, out DriverArray array) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Give(pArrayDescriptor, new CUDA_ARRAY_DESCRIPTOR_v2
        {
            Width = (nuint)array.Shape.Width,
            Height = (nuint)array.Shape.Height,
            Format = array.Shape.Format,
            NumChannels = array.Shape.Channels,
        });
    }

    /// <inheritdoc/>
    public override CUresult cuArray3DGetDescriptor_v2(CUDA_ARRAY3D_DESCRIPTOR_v2* pArrayDescriptor, CUarray hArray)
    {
        if (EnterArray(hArray, out DriverArray array) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Give(pArrayDescriptor, new CUDA_ARRAY3D_DESCRIPTOR_v2
        {
            Width = (nuint)array.Shape.Width,
            Height = (nuint)array.Shape.Height,
            Depth = (nuint)array.Shape.Depth,
            Format = array.Shape.Format,
            NumChannels = array.Shape.Channels,
            Flags = array.Shape.Flags,
        });
    }

    /// <summary>Waits for all work on the device first, which may use the array. A level belongs to its mipmapped array.</summary>
    public override CUresult cuArrayDestroy(CUarray hArray)
    {
        if (EnterArray(hArray, out DriverArray array) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (array.Parent is not null)
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        SynchronizeDevice(array.Context.Device);
        if (!_handles.Remove(hArray.Value, out DriverArray? removed))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        removed.Context.FreeArray(removed.Address);
        return removed.Context.Fault;
    }

    /// <inheritdoc/>
    public override CUresult cuDeviceGetTexture1DLinearMaxWidth(nuint* maxWidthInElements, CUarray_format format, uint numChannels, int dev)
    {
        if (EnterDevice(dev, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return TexelFormat.TryFind(format, numChannels, out _) ? Give(maxWidthInElements, (nuint)DeviceAttributes.MaxLinearTexels) : CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>Only arrays whose mapping is deferred have requirements, and there are none here.</summary>
    public override CUresult cuArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS_v1* memoryRequirements, CUarray array, int device)
    {
        if (EnterArray(array, out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>No array here is sparse.</summary>
    public override CUresult cuArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES_v1* sparseProperties, CUarray array) =>
        EnterArray(array, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    /// <summary>No array here has a format of several planes.</summary>
    public override CUresult cuArrayGetPlane(CUarray* pPlaneArray, CUarray hArray, uint planeIdx) =>
        EnterArray(hArray, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    /// <inheritdoc/>
    public override CUresult cuMipmappedArrayCreate(
        CUmipmappedArray* pHandle, CUDA_ARRAY3D_DESCRIPTOR_v2* pMipmappedArrayDesc, uint numMipmapLevels)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pHandle == null || pMipmappedArrayDesc == null || numMipmapLevels == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        ArrayShape shape = Shape(*pMipmappedArrayDesc);
        if (shape.Check() is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        // More levels than there can be are no error: they are clamped.
        uint levels = Math.Min(numMipmapLevels, shape.MaximumLevels);
        ulong address = AllocateArray(context, DriverMipmappedArray.BytesOf(shape, levels));
        if (address == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        nint handle = _handles.Add(new DriverMipmappedArray(context, shape, levels, address));
        return GiveArray(context, address, handle, (nint*)pHandle);
    }

    /// <inheritdoc/>
    public override CUresult cuMipmappedArrayDestroy(CUmipmappedArray hMipmappedArray)
    {
        if (EnterArray(hMipmappedArray, out DriverMipmappedArray array) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        SynchronizeDevice(array.Context.Device);
        if (!_handles.Remove(hMipmappedArray.Value, out DriverMipmappedArray? removed))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        removed.RemoveHandles(_handles);
        removed.Context.FreeArray(removed.Address);
        return removed.Context.Fault;
    }

    /// <summary>The same handle whenever a level is asked for.</summary>
    public override CUresult cuMipmappedArrayGetLevel(CUarray* pLevelArray, CUmipmappedArray hMipmappedArray, uint level)
    {
        if (EnterArray(hMipmappedArray, out DriverMipmappedArray array) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pLevelArray == null || level >= (uint)array.Levels.Length)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nint handle = array.HandleOf(level, _handles);
        *pLevelArray = new CUarray(handle);
        return handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
    }

    /// <summary>As for arrays: none here has its mapping deferred.</summary>
    public override CUresult cuMipmappedArrayGetMemoryRequirements(
        CUDA_ARRAY_MEMORY_REQUIREMENTS_v1* memoryRequirements, CUmipmappedArray mipmap, int device) =>
        EnterArray(mipmap, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    /// <summary>No array here is sparse.</summary>
    public override CUresult cuMipmappedArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES_v1* sparseProperties, CUmipmappedArray mipmap) =>
        EnterArray(mipmap, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    private CUresult EnterArray(CUarray hArray, out DriverArray array)
    {
        array = null!;
        return Enter(out _) is not CUDA_SUCCESS and var error ? error : Find(hArray.Value, out array);
    }

    private CUresult EnterArray(CUmipmappedArray hArray, out DriverMipmappedArray array)
    {
        array = null!;
        return Enter(out _) is not CUDA_SUCCESS and var error ? error : Find(hArray.Value, out array);
    }

    private CUresult CreateArray(DriverContext context, ArrayShape shape, CUarray* pHandle)
    {
        if (shape.Check() is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        ulong address = AllocateArray(context, shape.Bytes);
        return address == 0
            ? CUDA_ERROR_OUT_OF_MEMORY
            : GiveArray(context, address, _handles.Add(new DriverArray(context, shape, address, parent: null)), (nint*)pHandle);
    }

    private static CUresult GiveArray(DriverContext context, ulong address, nint handle, nint* destination)
    {
        if (handle == 0)
        {
            context.FreeArray(address);
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        *destination = handle;
        return CUDA_SUCCESS;
    }

    private ulong AllocateArray(DriverContext context, ulong bytes)
    {
        ulong address = context.AllocateArray(bytes);
        if (address == 0)
        {
            // Frees that wait in streams may make room.
            SynchronizeDevice(context.Device);
            address = context.AllocateArray(bytes);
        }
        return address;
    }

    private void SynchronizeDevice(SimulatedDevice device)
    {
        foreach (DriverContext context in ContextsOn(device))
        {
            context.Synchronize();
        }
    }

    private static ArrayShape Shape(in CUDA_ARRAY3D_DESCRIPTOR_v2 description) => new(
        description.Width, description.Height, description.Depth, description.Format, description.NumChannels, description.Flags);
}
