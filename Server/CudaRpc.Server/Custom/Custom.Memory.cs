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

        call.Reply(call.Session.Disown(address.Value, out DeviceBlock block)
            ? IsKeptForOthers(ref call, address) ? CUresult.CUDA_SUCCESS : Freed(ref call, driver.cuMemFree_v2(address), address, block)
            : CUresult.CUDA_ERROR_INVALID_VALUE);
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
            ? IsKeptForOthers(ref call, address) ? CUresult.CUDA_SUCCESS : Freed(ref call, driver.cuMemFreeAsync(address, stream), address, block)
            : CUresult.CUDA_ERROR_INVALID_VALUE);
    }

    // Memory that another session has open under the same address is freed when the last closes it.
    private static bool IsKeptForOthers(ref ServerCall call, CUdeviceptr address) =>
        call.Session.Shares.Withdraw(call.Session, SharedKind.Memory, address.Value);

    // Only what this session allocated is freed: another session's address is a number like any other. It is off the books before the driver
    // is asked, so that nobody frees it twice, and on them again where the driver refuses, so that the session's end frees it.
    private static CUresult Freed(ref ServerCall call, CUresult status, CUdeviceptr address, DeviceBlock block)
    {
        if (status != CUresult.CUDA_SUCCESS || block.IsOfGraph)
        {
            call.Session.Own(address.Value, block);
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
