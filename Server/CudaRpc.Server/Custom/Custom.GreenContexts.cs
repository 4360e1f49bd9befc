using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    // No device has nearly as many groups.
    private const uint MaximumGroups = 1024;

    public static void cuDeviceGetDevResource(CudaDriver driver, ref ServerCall call)
    {
        int device = call.ReadInt32();
        var type = (CUdevResourceType)call.ReadInt32();
        if (call.Begin())
        {
            CUdevResource_v1 resource = default;
            GiveResource(ref call, driver.cuDeviceGetDevResource(device, &resource, type), &resource);
        }
    }

    public static void cuCtxGetDevResource(CudaDriver driver, ref ServerCall call)
    {
        var context = new CUcontext(call.ReadHandle(HandleKind.CUcontext));
        var type = (CUdevResourceType)call.ReadInt32();
        if (call.Begin())
        {
            CUdevResource_v1 resource = default;
            GiveResource(ref call, driver.cuCtxGetDevResource(context, &resource, type), &resource);
        }
    }

    public static void cuGreenCtxGetDevResource(CudaDriver driver, ref ServerCall call)
    {
        var green = new CUgreenCtx(call.ReadHandle(HandleKind.CUgreenCtx));
        var type = (CUdevResourceType)call.ReadInt32();
        if (call.Begin())
        {
            CUdevResource_v1 resource = default;
            GiveResource(ref call, driver.cuGreenCtxGetDevResource(green, &resource, type), &resource);
        }
    }

    public static void cuDevSmResourceSplitByCount(CudaDriver driver, ref ServerCall call)
    {
        bool wantsGroups = call.ReadBoolean();
        uint groups = Math.Min(call.ReadUInt32(), MaximumGroups);
        CUdevResource_v1* input = call.ReadStruct<CUdevResource_v1>();
        uint flags = call.ReadUInt32();
        uint minimum = call.ReadUInt32();
        CUdevResource_v1* result = wantsGroups ? call.Scratch<CUdevResource_v1>(groups) : null;
        if (!call.Begin())
        {
            return;
        }

        CUdevResource_v1 rest = default;
        CUresult status = Restore(ref call, input, 1);
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = driver.cuDevSmResourceSplitByCount(result, &groups, input, wantsGroups ? &rest : null, flags, minimum);
        }

        bool hidden = status != CUresult.CUDA_SUCCESS || call.Session.DevResources.TryHide(&rest);
        for (uint index = 0; status == CUresult.CUDA_SUCCESS && wantsGroups && index < groups; index++)
        {
            hidden &= call.Session.DevResources.TryHide(&result[index]);
        }

        if (call.Reply(hidden ? status : CUresult.CUDA_ERROR_OUT_OF_MEMORY))
        {
            call.Write(groups);
            call.WriteArray(result, wantsGroups ? groups : 0);
            call.WriteStruct(&rest);
        }
    }

    public static void cuDevResourceGenerateDesc(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUdevResourceDesc);
        CUdevResource_v1* resources = call.ReadArray<CUdevResource_v1>(out nuint count);
        if (!call.Begin())
        {
            return;
        }

        CUdevResourceDesc desc = default;
        CUresult status = Restore(ref call, resources, count);
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = driver.cuDevResourceGenerateDesc(&desc, resources, (uint)count);
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, desc.Value);
        }

        call.Reply(status);
    }

    // The green context, and its handle as a CUcontext, which the client has named as well. Both end with the primary context at the latest.
    public static void cuGreenCtxCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUgreenCtx);
        nint contextId = call.ReadNewHandle(HandleKind.CUcontext);
        var desc = new CUdevResourceDesc(call.ReadHandle(HandleKind.CUdevResourceDesc));
        int dev = call.ReadInt32();
        uint flags = call.ReadUInt32();
        if (HandleId.PrimaryDevice(contextId) is not null)
        {
            call.Malformed($"handle 0x{contextId:x} is a primary context's");
        }

        nint primary = call.Resolve(HandleId.PrimaryContext(dev is >= 0 and < 255 ? dev : 0), HandleKind.CUcontext);
        if (!call.Begin())
        {
            return;
        }

        CUgreenCtx green;
        CUcontext context = default;
        CUresult status = driver.cuGreenCtxCreate(&green, desc, dev, flags);
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = driver.cuCtxFromGreenCtx(&context, green);
            if (status != CUresult.CUDA_SUCCESS)
            {
                driver.cuGreenCtxDestroy(green);
            }
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            call.BindIn(primary, id, green.Value);
            call.Bind(contextId, context.Value, parent: id);
        }

        call.Reply(status);
    }

    public static void cuGreenCtxDestroy(CudaDriver driver, ref ServerCall call)
    {
        var green = new CUgreenCtx(call.ReadHandle(HandleKind.CUgreenCtx, out nint id));
        if (!call.Begin())
        {
            return;
        }

        CUresult status = driver.cuGreenCtxDestroy(green);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Release(id);
        }

        call.Reply(status);
    }

    public static void cuGreenCtxStreamCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUstream);
        var green = new CUgreenCtx(call.ReadHandle(HandleKind.CUgreenCtx, out nint greenId));
        uint flags = call.ReadUInt32();
        int priority = call.ReadInt32();
        if (!call.Begin())
        {
            return;
        }

        CUstream stream;
        CUresult status = driver.cuGreenCtxStreamCreate(&stream, green, flags, priority);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.BindIn(call.Session.Handles.ContextOf(greenId), id, stream.Value);
        }

        call.Reply(status);
    }

    private static CUresult Restore(ref ServerCall call, CUdevResource_v1* resources, nuint count)
    {
        for (nuint index = 0; index < count; index++)
        {
            if (!call.Session.DevResources.TryResolve(&resources[index]))
            {
                return resources[index].type == CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM
                    ? CUresult.CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION
                    : CUresult.CUDA_ERROR_INVALID_RESOURCE_TYPE;
            }
        }

        return CUresult.CUDA_SUCCESS;
    }

    private static void GiveResource(ref ServerCall call, CUresult status, CUdevResource_v1* resource)
    {
        if (status == CUresult.CUDA_SUCCESS && !call.Session.DevResources.TryHide(resource))
        {
            status = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        if (call.Reply(status))
        {
            call.WriteStruct(resource);
        }
    }
}
