using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator;

// Texture and surface objects: numbers that kernels use. A number of none is an invalid value, as for the real driver.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuTexObjectCreate(
        ulong* pTexObject, CUDA_RESOURCE_DESC_v1* pResDesc, CUDA_TEXTURE_DESC_v1* pTexDesc, CUDA_RESOURCE_VIEW_DESC_v1* pResViewDesc)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pTexObject == null || pResDesc == null || pTexDesc == null || pResDesc->flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (TextureDescriptions.Sampler(*pTexDesc) is not { } sampler)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (FindLevels(*pResDesc, out TexelImage[] levels) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        bool isMemory = pResDesc->resType is CUresourcetype.CU_RESOURCE_TYPE_LINEAR or CUresourcetype.CU_RESOURCE_TYPE_PITCH2D;
        if (pResViewDesc != null)
        {
            if (isMemory)
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            if (TextureDescriptions.View(ref levels, *pResViewDesc) is not CUDA_SUCCESS and var unseen)
            {
                return unseen;
            }
        }
        if (!TextureDescriptions.Fits(sampler, levels, pResDesc->resType))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var described = new DriverTexture(context, *pResDesc, *pTexDesc, pResViewDesc == null ? null : *pResViewDesc);
        nint handle = _handles.Add(described);
        if (handle == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        bool isLinear = pResDesc->resType == CUresourcetype.CU_RESOURCE_TYPE_LINEAR;
        context.Textures.Set((ulong)handle, new TextureObject(levels, sampler, isLinear));
        *pTexObject = (ulong)handle;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexObjectDestroy(ulong texObject)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove((nint)texObject, out DriverTexture? removed))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        removed.Context.Textures.Remove(texObject);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuTexObjectGetResourceDesc(CUDA_RESOURCE_DESC_v1* pResDesc, ulong texObject) =>
        EnterObject(texObject, out DriverTexture texture) is not CUDA_SUCCESS and var error ? error : Give(pResDesc, texture.Resource);

    /// <inheritdoc/>
    public override CUresult cuTexObjectGetTextureDesc(CUDA_TEXTURE_DESC_v1* pTexDesc, ulong texObject) =>
        EnterObject(texObject, out DriverTexture texture) is not CUDA_SUCCESS and var error ? error : Give(pTexDesc, texture.Texture);

    /// <summary>A texture that was made without a view has none to give.</summary>
    public override CUresult cuTexObjectGetResourceViewDesc(CUDA_RESOURCE_VIEW_DESC_v1* pResViewDesc, ulong texObject)
    {
        if (EnterObject(texObject, out DriverTexture texture) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return texture.View is { } view ? Give(pResViewDesc, view) : CUDA_ERROR_INVALID_VALUE;
    }

    /// <inheritdoc/>
    public override CUresult cuSurfObjectCreate(ulong* pSurfObject, CUDA_RESOURCE_DESC_v1* pResDesc)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pSurfObject == null || pResDesc == null || pResDesc->flags != 0
            || pResDesc->resType != CUresourcetype.CU_RESOURCE_TYPE_ARRAY)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (Find(pResDesc->res.array.hArray.Value, out DriverArray array) is not CUDA_SUCCESS and var stale)
        {
            return stale;
        }
        if ((array.Shape.Flags & ArrayShape.SurfaceLoadStore) == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nint handle = _handles.Add(new DriverSurface(context, *pResDesc));
        if (handle == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        context.Textures.Set((ulong)handle, new SurfaceObject(TexelImage.Of(array)));
        *pSurfObject = (ulong)handle;
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuSurfObjectDestroy(ulong surfObject)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove((nint)surfObject, out DriverSurface? removed))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        removed.Context.Textures.Remove(surfObject);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuSurfObjectGetResourceDesc(CUDA_RESOURCE_DESC_v1* pResDesc, ulong surfObject) =>
        EnterObject(surfObject, out DriverSurface surface) is not CUDA_SUCCESS and var error ? error : Give(pResDesc, surface.Resource);

    private CUresult EnterObject<T>(ulong number, out T target)
        where T : class
    {
        target = null!;
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _handles.TryGet((nint)number, out target!) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }

    /// <summary>The images of a resource: mipmap levels, or one.</summary>
    private CUresult FindLevels(in CUDA_RESOURCE_DESC_v1 resource, out TexelImage[] levels)
    {
        levels = [];
        switch (resource.resType)
        {
            case CUresourcetype.CU_RESOURCE_TYPE_ARRAY:
                if (Find(resource.res.array.hArray.Value, out DriverArray array) is not CUDA_SUCCESS and var stale)
                {
                    return stale;
                }
                levels = [TexelImage.Of(array)];
                return CUDA_SUCCESS;
            case CUresourcetype.CU_RESOURCE_TYPE_MIPMAPPED_ARRAY:
                if (Find(resource.res.mipmap.hMipmappedArray.Value, out DriverMipmappedArray mipmap) is not CUDA_SUCCESS and var gone)
                {
                    return gone;
                }
                levels = [.. mipmap.Levels.Select(TexelImage.Of)];
                return CUDA_SUCCESS;
            case CUresourcetype.CU_RESOURCE_TYPE_LINEAR:
                var linear = resource.res.linear;
                return FindLinear(linear.devPtr, linear.format, linear.numChannels, linear.sizeInBytes, out levels);
            case CUresourcetype.CU_RESOURCE_TYPE_PITCH2D:
                var plane = resource.res.pitch2D;
                return FindPitched(plane.devPtr, plane.format, plane.numChannels, plane.width, plane.height, plane.pitchInBytes, out levels);
            default:
                return CUDA_ERROR_INVALID_VALUE;
        }
    }

    private CUresult FindLinear(CUdeviceptr address, CUarray_format format, uint channels, nuint bytes, out TexelImage[] levels)
    {
        levels = [];
        if (!TexelFormat.TryFind(format, channels, out TexelFormat texels))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nuint width = bytes / (nuint)texels.Bytes;
        if (width == 0 || width > DeviceAttributes.MaxLinearTexels || address.Value % DeviceAttributes.TextureAlignment != 0
            || Device(address, bytes) is not { IsDevice: true })
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        levels = [new TexelImage(null, false, address.Value, texels, (uint)width, 1, 1, bytes, bytes)];
        return CUDA_SUCCESS;
    }

    private CUresult FindPitched(
        CUdeviceptr address, CUarray_format format, uint channels, nuint width, nuint height, nuint pitch, out TexelImage[] levels)
    {
        levels = [];
        if (!TexelFormat.TryFind(format, channels, out TexelFormat texels) || width == 0 || height == 0
            || width > DeviceAttributes.MaxPlaneWidth || height > DeviceAttributes.MaxPlaneHeight || pitch > DeviceAttributes.MaxPlanePitch)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        nuint row = width * (nuint)texels.Bytes;
        if (pitch < row || pitch % DeviceAttributes.TexturePitchAlignment != 0 || address.Value % DeviceAttributes.TextureAlignment != 0
            || Device(address, (pitch * (height - 1)) + row) is not { IsDevice: true })
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        levels = [new TexelImage(null, false, address.Value, texels, (uint)width, (uint)height, 1, pitch, pitch * height)];
        return CUDA_SUCCESS;
    }
}
