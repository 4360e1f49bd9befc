using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Texture and surface objects travel as the driver's own numbers: kernels use them. The session owns what it made.
internal static unsafe partial class Custom
{
    public static void cuTexObjectCreate(CudaDriver driver, ref ServerCall call)
    {
        CUDA_RESOURCE_DESC_v1* resource = ReadResource(ref call);
        CUDA_TEXTURE_DESC_v1* texture = call.ReadStruct<CUDA_TEXTURE_DESC_v1>();
        CUDA_RESOURCE_VIEW_DESC_v1* view = call.ReadStruct<CUDA_RESOURCE_VIEW_DESC_v1>(optional: true);
        if (!call.Begin())
        {
            return;
        }

        ulong number = 0;
        CUresult status = call.Session.Textures.HasRoom ? driver.cuTexObjectCreate(&number, resource, texture, view) : CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        ReplyObject(ref call, status, isSurface: false, number);
    }

    public static void cuSurfObjectCreate(CudaDriver driver, ref ServerCall call)
    {
        CUDA_RESOURCE_DESC_v1* resource = ReadResource(ref call);
        if (!call.Begin())
        {
            return;
        }

        ulong number = 0;
        CUresult status = call.Session.Textures.HasRoom ? driver.cuSurfObjectCreate(&number, resource) : CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        ReplyObject(ref call, status, isSurface: true, number);
    }

    public static void cuTexObjectDestroy(CudaDriver driver, ref ServerCall call)
    {
        ulong number = call.ReadUInt64();
        if (call.Begin())
        {
            call.Reply(call.Session.Textures.Remove(isSurface: false, number, out _)
                ? driver.cuTexObjectDestroy(number)
                : CUresult.CUDA_ERROR_INVALID_VALUE);
        }
    }

    public static void cuSurfObjectDestroy(CudaDriver driver, ref ServerCall call)
    {
        ulong number = call.ReadUInt64();
        if (call.Begin())
        {
            call.Reply(call.Session.Textures.Remove(isSurface: true, number, out _)
                ? driver.cuSurfObjectDestroy(number)
                : CUresult.CUDA_ERROR_INVALID_VALUE);
        }
    }

    private static CUDA_RESOURCE_DESC_v1* ReadResource(ref ServerCall call)
    {
        CUDA_RESOURCE_DESC_v1* resource = call.ReadStruct<CUDA_RESOURCE_DESC_v1>();
        switch (resource->resType)
        {
            case CUresourcetype.CU_RESOURCE_TYPE_ARRAY:
                resource->res.array.hArray = new CUarray(call.Resolve(resource->res.array.hArray.Value, HandleKind.CUarray));
                break;
            case CUresourcetype.CU_RESOURCE_TYPE_MIPMAPPED_ARRAY:
                resource->res.mipmap.hMipmappedArray =
                    new CUmipmappedArray(call.Resolve(resource->res.mipmap.hMipmappedArray.Value, HandleKind.CUmipmappedArray));
                break;
            case CUresourcetype.CU_RESOURCE_TYPE_LINEAR or CUresourcetype.CU_RESOURCE_TYPE_PITCH2D:
                break;
            default:
                // What a driver might find in a resource of a kind that is not known here, could be anything.
                call.Malformed($"resource of type {resource->resType}");
                break;
        }

        return resource;
    }

    private static void ReplyObject(ref ServerCall call, CUresult status, bool isSurface, ulong number)
    {
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.Textures.Add(isSurface, number, call.CurrentContext);
        }

        if (call.Reply(status))
        {
            call.Write(number);
        }
    }
}
