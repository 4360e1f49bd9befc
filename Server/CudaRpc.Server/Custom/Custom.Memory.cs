using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    public static void cuMemAlloc_v2(CudaDriver driver, ref ServerCall call)
    {
        nuint bytes = call.ReadNUInt();
        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address;
        CUresult status = driver.cuMemAlloc_v2(&address, bytes);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = driver.cuMemAlloc_v2(&address, bytes);
        }

        ReplyAllocation(ref call, status, address, bytes, streamOrdered: false);
    }

    public static void cuMemAllocPitch_v2(CudaDriver driver, ref ServerCall call)
    {
        nuint width = call.ReadNUInt();
        nuint height = call.ReadNUInt();
        uint elementSize = call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address;
        nuint pitch;
        CUresult status = driver.cuMemAllocPitch_v2(&address, &pitch, width, height, elementSize);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            call.Session.Releases.WaitUntilEmpty();
            status = driver.cuMemAllocPitch_v2(&address, &pitch, width, height, elementSize);
        }

        ReplyAllocation(ref call, status, address, pitch * height, streamOrdered: false);
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Write(pitch);
        }
    }

    public static void cuMemFree_v2(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        if (!call.Begin())
        {
            return;
        }

        if (!call.Session.Disown(address.Value, out DeviceBlock block))
        {
            call.Reply(CUresult.CUDA_ERROR_INVALID_VALUE);
            return;
        }

        if (block.Import is not null)
        {
            // Its owner may free it next, and waits for nobody else's work.
            driver.cuCtxSynchronize();
        }

        call.Reply(call.Session.IsKeptForOthers(address.Value, block)
            ? CUresult.CUDA_SUCCESS
            : Freed(ref call, driver.cuMemFree_v2(address), address, block));
    }

    public static void cuMemFreeAsync(CudaDriver driver, ref ServerCall call)
    {
        var address = new CUdeviceptr(call.ReadUInt64());
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        if (!call.Begin())
        {
            return;
        }

        call.Reply(call.Session.Disown(address.Value, out DeviceBlock block)
            ? call.Session.IsKeptForOthers(address.Value, block) ? CUresult.CUDA_SUCCESS : Freed(ref call, driver.cuMemFreeAsync(address, stream), address, block)
            : CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    // Only what this session allocated is freed: another session's address is a number like any other. It is off the books before the driver
    // is asked, so that nobody frees it twice, and on them again where the driver refuses, so that the session's end frees it.
    private static CUresult Freed(ref ServerCall call, CUresult status, CUdeviceptr address, DeviceBlock block)
    {
        if (status != CUresult.CUDA_SUCCESS || block.IsOfGraph)
        {
            call.Session.Own(address.Value, block with { Import = null });
        }

        return status;
    }

    private static void ReplyAllocation(ref ServerCall call, CUresult status, CUdeviceptr address, nuint bytes, bool streamOrdered)
    {
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Session.Own(address.Value, new DeviceBlock(bytes, call.CurrentContext, streamOrdered));
        }

        if (call.Reply(status))
        {
            call.Write(address.Value);
        }
    }
}
