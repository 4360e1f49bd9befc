using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// Copies pass piece by piece, so a copy of any size takes the same memory: small ones through the lane's staging memory, others through page-locked
// memory of the session, see Custom.StagedCopies, and all from and to where the transport has them, if it has.
internal static unsafe partial class Custom
{
    // Posted, it has to be in order with the legacy stream's work but need not wait for it: the source is staged here in any case.
    public static void cuMemcpyHtoD_v2(CudaDriver driver, ref ServerCall call) => ToDevice(driver, ref call, asynchronous: call.IsPosted);

    public static void cuMemcpyHtoDAsync_v2(CudaDriver driver, ref ServerCall call) => ToDevice(driver, ref call, asynchronous: true);

    public static void cuMemcpyDtoH_v2(CudaDriver driver, ref ServerCall call) => ToHost(driver, ref call, asynchronous: false);

    public static void cuMemcpyDtoHAsync_v2(CudaDriver driver, ref ServerCall call) => ToHost(driver, ref call, asynchronous: true);

    private static void ToDevice(CudaDriver driver, ref ServerCall call, bool asynchronous)
    {
        ulong destination = call.ReadUInt64();
        ulong bytes = call.ReadUInt64();
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        long region = call.ReadInt64();
        call.ExpectBulk(region == 0 ? bytes : 0);
        if (!call.Begin())
        {
            Unused(ref call, region);
            return;
        }

        if (region != 0)
        {
            call.Reply(PullToDevice(driver, ref call, region, new CUdeviceptr(destination), bytes, stream));
            return;
        }

        ulong staged = 0;
        CUresult status = IsStaged(call, bytes)
            ? Upload(driver, ref call, new CUdeviceptr(destination), bytes, stream, out staged)
            : CUresult.CUDA_SUCCESS;
        for (ulong done = staged; done < bytes && status == CUresult.CUDA_SUCCESS;)
        {
            byte* source = call.NextBulk(bytes - done, out nuint piece);
            var target = new CUdeviceptr(destination + done);
            // The source is pageable memory, so the driver has taken it when it returns and its place may be used again.
            status = asynchronous ? driver.cuMemcpyHtoDAsync_v2(target, source, piece, stream) : driver.cuMemcpyHtoD_v2(target, source, piece);
            done += piece;
        }

        if (staged > 0 && !asynchronous && status == CUresult.CUDA_SUCCESS)
        {
            // The program may count on what was in the stream before having been done.
            status = driver.cuStreamSynchronize(stream);
        }

        call.Reply(status);
    }

    private static void ToHost(CudaDriver driver, ref ServerCall call, bool asynchronous)
    {
        ulong source = call.ReadUInt64();
        ulong bytes = call.ReadUInt64();
        var stream = new CUstream(call.ReadHandle(HandleKind.CUstream));
        long region = call.ReadInt64();
        if (call.IsPosted != (region != 0))
        {
            call.Malformed(call.IsPosted ? "a copy to the host without a destination" : "a copy to the host with two destinations");
        }

        if (!call.Begin())
        {
            Unused(ref call, region);
            return;
        }

        if (region != 0)
        {
            call.Reply(PushToHost(driver, ref call, region, new CUdeviceptr(source), bytes, stream));
            return;
        }

        ulong sent = 0;
        CUresult status = IsStaged(call, bytes)
            ? Download(driver, ref call, new CUdeviceptr(source), bytes, stream, out sent)
            : CUresult.CUDA_SUCCESS;
        for (ulong done = sent; done < bytes && status == CUresult.CUDA_SUCCESS;)
        {
            byte* staging = call.PlaceForPiece(bytes - done, out nuint piece);
            var from = new CUdeviceptr(source + done);
            status = asynchronous ? driver.cuMemcpyDtoHAsync_v2(staging, from, piece, stream) : driver.cuMemcpyDtoH_v2(staging, from, piece);
            if (asynchronous && status == CUresult.CUDA_SUCCESS)
            {
                status = driver.cuStreamSynchronize(stream);
            }

            if (status == CUresult.CUDA_SUCCESS)
            {
                call.SendBulkPiece(staging, piece);
            }

            done += piece;
        }

        call.Reply(status);
    }

    private static bool IsStaged(in ServerCall call, ulong bytes) => bytes > ProtocolLimits.PostedCopy && !call.IsInPlace;
}
