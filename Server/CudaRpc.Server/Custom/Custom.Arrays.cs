using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// Arrays are memory: where there is none left, a posted destruction may still be waiting for the GPU.
internal static unsafe partial class Custom
{
    public static void cuArrayCreate_v2(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUarray);
        CUDA_ARRAY_DESCRIPTOR_v2* description = call.ReadStruct<CUDA_ARRAY_DESCRIPTOR_v2>();
        if (!call.Begin())
        {
            return;
        }

        CUarray array = default;
        CUresult status = driver.cuArrayCreate_v2(&array, description);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = driver.cuArrayCreate_v2(&array, description);
        }

        ReplyCreated(ref call, status, id, array.Value);
    }

    public static void cuArray3DCreate_v2(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUarray);
        CUDA_ARRAY3D_DESCRIPTOR_v2* description = call.ReadStruct<CUDA_ARRAY3D_DESCRIPTOR_v2>();
        if (!call.Begin())
        {
            return;
        }

        CUarray array = default;
        CUresult status = driver.cuArray3DCreate_v2(&array, description);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = driver.cuArray3DCreate_v2(&array, description);
        }

        ReplyCreated(ref call, status, id, array.Value);
    }

    public static void cuMipmappedArrayCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUmipmappedArray);
        CUDA_ARRAY3D_DESCRIPTOR_v2* description = call.ReadStruct<CUDA_ARRAY3D_DESCRIPTOR_v2>();
        uint levels = call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        CUmipmappedArray array = default;
        CUresult status = driver.cuMipmappedArrayCreate(&array, description, levels);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = driver.cuMipmappedArrayCreate(&array, description, levels);
        }

        ReplyCreated(ref call, status, id, array.Value);
    }

    public static void cuMipmappedArrayGetLevel(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUarray);
        var owner = new CUmipmappedArray(call.ReadHandle(HandleKind.CUmipmappedArray, out nint parent));
        uint level = call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        CUarray array = default;
        ReplyCreated(ref call, driver.cuMipmappedArrayGetLevel(&array, owner, level), id, array.Value, parent);
    }

    public static void cuArrayGetPlane(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUarray);
        var owner = new CUarray(call.ReadHandle(HandleKind.CUarray, out nint parent));
        uint plane = call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        CUarray array = default;
        ReplyCreated(ref call, driver.cuArrayGetPlane(&array, owner, plane), id, array.Value, parent);
    }

    private static void ReplyCreated(ref ServerCall call, CUresult status, nint id, nint native, nint parent = 0)
    {
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, native, parent);
        }

        call.Reply(status);
    }
}
