using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Texture and surface objects: the server's own numbers, because kernels get them among their parameters.
public sealed unsafe partial class RemoteDriver
{
    private readonly TextureObjects _textures = new();
    private readonly TextureObjects _surfaces = new();

    /// <inheritdoc/>
    public override CUresult cuTexObjectCreate(
        ulong* pTexObject, CUDA_RESOURCE_DESC_v1* pResDesc, CUDA_TEXTURE_DESC_v1* pTexDesc, CUDA_RESOURCE_VIEW_DESC_v1* pResViewDesc)
    {
        if (pTexObject == null || pResDesc == null || pTexDesc == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (CheckResource(*pResDesc) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        try
        {
            var call = new Call(_session, CallId.cuTexObjectCreate);
            call.WriteStruct(pResDesc);
            call.WriteStruct(pTexDesc);
            if (pResViewDesc == null)
            {
                call.WriteNil();
            }
            else
            {
                call.WriteStruct(pResViewDesc);
            }

            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong number = call.ReadUInt64();
                call.End();
                _textures.Add(number, new TextureInfo(CurrentOwner, *pResDesc, *pTexDesc, pResViewDesc == null ? null : *pResViewDesc));
                *pTexObject = number;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuTexObjectCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuSurfObjectCreate(ulong* pSurfObject, CUDA_RESOURCE_DESC_v1* pResDesc)
    {
        if (pSurfObject == null || pResDesc == null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        if (CheckResource(*pResDesc) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        try
        {
            var call = new Call(_session, CallId.cuSurfObjectCreate);
            call.WriteStruct(pResDesc);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                ulong number = call.ReadUInt64();
                call.End();
                _surfaces.Add(number, new TextureInfo(CurrentOwner, *pResDesc, default, null));
                *pSurfObject = number;
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuSurfObjectCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuTexObjectDestroy(ulong texObject) => DestroyObject(CallId.cuTexObjectDestroy, _textures, texObject);

    /// <inheritdoc/>
    public override CUresult cuSurfObjectDestroy(ulong surfObject) => DestroyObject(CallId.cuSurfObjectDestroy, _surfaces, surfObject);

    /// <inheritdoc/>
    public override CUresult cuTexObjectGetResourceDesc(CUDA_RESOURCE_DESC_v1* pResDesc, ulong texObject) =>
        _textures.Find(texObject) is TextureInfo info ? Local(pResDesc, info.Resource) : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    /// <inheritdoc/>
    public override CUresult cuTexObjectGetTextureDesc(CUDA_TEXTURE_DESC_v1* pTexDesc, ulong texObject) =>
        _textures.Find(texObject) is TextureInfo info ? Local(pTexDesc, info.Texture) : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    /// <inheritdoc/>
    public override CUresult cuTexObjectGetResourceViewDesc(CUDA_RESOURCE_VIEW_DESC_v1* pResViewDesc, ulong texObject) =>
        _textures.Find(texObject)?.View is CUDA_RESOURCE_VIEW_DESC_v1 view
            ? Local(pResViewDesc, view)
            : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    /// <inheritdoc/>
    public override CUresult cuSurfObjectGetResourceDesc(CUDA_RESOURCE_DESC_v1* pResDesc, ulong surfObject) =>
        _surfaces.Find(surfObject) is TextureInfo info ? Local(pResDesc, info.Resource) : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    // For contexts that end.
    private void ForgetTextures(CUcontext context)
    {
        _textures.RemoveContext(context);
        _surfaces.RemoveContext(context);
    }

    private CUresult CheckResource(in CUDA_RESOURCE_DESC_v1 resource)
    {
        if (Context(default) is null)
        {
            return NoContext();
        }

        return resource.resType switch
        {
            CUresourcetype.CU_RESOURCE_TYPE_ARRAY => Handles.Check(resource.res.array.hArray.Value, HandleKind.CUarray),
            CUresourcetype.CU_RESOURCE_TYPE_MIPMAPPED_ARRAY => Handles.Check(resource.res.mipmap.hMipmappedArray.Value, HandleKind.CUmipmappedArray),
            CUresourcetype.CU_RESOURCE_TYPE_LINEAR or CUresourcetype.CU_RESOURCE_TYPE_PITCH2D => CUresult.CUDA_SUCCESS,
            _ => CUresult.CUDA_ERROR_INVALID_VALUE,
        };
    }

    private CUresult DestroyObject(uint callId, TextureObjects objects, ulong number)
    {
        if (Context(default) is null)
        {
            return Local(NoContext());
        }

        if (!objects.Remove(number))
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, callId);
            call.Write(number);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }
}
