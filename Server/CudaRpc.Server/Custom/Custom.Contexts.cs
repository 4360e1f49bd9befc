using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>The server halves that need more than reading arguments and calling the driver. Names and order as in headers/cuda.rules.</summary>
internal static unsafe partial class Custom
{
    public static void cuCtxCreate_v2(CudaDriver driver, ref ServerCall call) => CreateContext(driver, ref call, hasAffinities: false);

    public static void cuCtxCreate_v3(CudaDriver driver, ref ServerCall call) => CreateContext(driver, ref call, hasAffinities: true);

    private static void CreateContext(CudaDriver driver, ref ServerCall call, bool hasAffinities)
    {
        nint id = call.ReadNewHandle(HandleKind.CUcontext);
        nuint count = 0;
        CUexecAffinityParam_v1* affinities = hasAffinities ? call.ReadArray<CUexecAffinityParam_v1>(out count) : null;
        uint flags = call.ReadUInt32();
        int dev = call.ReadInt32();
        if (HandleId.PrimaryDevice(id) is not null)
        {
            call.Malformed($"handle 0x{id:x} is a primary context's");
        }

        if (!call.Begin())
        {
            return;
        }

        CUcontext context;
        CUresult status = hasAffinities
            ? driver.cuCtxCreate_v3(&context, affinities, (int)count, flags, dev)
            : driver.cuCtxCreate_v2(&context, flags, dev);
        if (status == CUresult.CUDA_SUCCESS)
        {
            // Creation made it current here; the next frame says what is current there.
            call.ForgetCurrentContext();
            call.Bind(id, context.Value);
        }

        call.Reply(status);
    }

    public static void cuCtxDestroy_v2(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.ReadHandle(HandleKind.CUcontext, out nint id);
        if (!call.Begin())
        {
            return;
        }

        // They would find their context gone.
        call.Session.Releases.WaitUntilEmpty();
        CUresult status = HandleId.PrimaryDevice(id) is null ? driver.cuCtxDestroy_v2(new CUcontext(native)) : CUresult.CUDA_ERROR_INVALID_CONTEXT;
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.ReleaseContext(id, native);
        }

        call.Reply(status);
    }

    public static void cuDevicePrimaryCtxRetain(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUcontext);
        int dev = call.ReadInt32();
        if (HandleId.PrimaryDevice(id) != dev)
        {
            call.Malformed($"handle 0x{id:x} is not the primary context of device {dev}");
        }

        if (!call.Begin())
        {
            return;
        }

        CUcontext context;
        CUresult status = driver.cuDevicePrimaryCtxRetain(&context, dev);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, context.Value);
        }

        call.Reply(status);
    }

    public static void cuDevicePrimaryCtxRelease_v2(CudaDriver driver, ref ServerCall call) => EndPrimary(driver, ref call, reset: false);

    public static void cuDevicePrimaryCtxReset_v2(CudaDriver driver, ref ServerCall call) => EndPrimary(driver, ref call, reset: true);

    private static void EndPrimary(CudaDriver driver, ref ServerCall call, bool reset)
    {
        nint native = call.ReadHandle(HandleKind.CUcontext, out nint id);
        int dev = call.ReadInt32();
        if (HandleId.PrimaryDevice(id) != dev)
        {
            call.Malformed($"handle 0x{id:x} is not the primary context of device {dev}");
        }

        if (!call.Begin())
        {
            return;
        }

        // They would find their context gone.
        call.Session.Releases.WaitUntilEmpty();
        // Of a driver that sessions share, each session has retained the context once, and may take away no more than its own part of it.
        bool shared = driver is not IDisposable;
        if (shared)
        {
            call.Session.ReclaimContext(native);
        }

        CUresult reply = CUresult.CUDA_SUCCESS;
        if (reset && !shared)
        {
            reply = driver.cuDevicePrimaryCtxReset_v2(dev);
        }

        // Also after a reset, which leaves the session's retain as it was: the next one of the client makes it anew.
        CUresult released = driver.cuDevicePrimaryCtxRelease_v2(dev);
        call.Session.ReleaseContext(id, native);
        call.Reply(reply == CUresult.CUDA_SUCCESS ? released : reply);
    }
}
