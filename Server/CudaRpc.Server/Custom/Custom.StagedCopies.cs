using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

// Copies through page-locked memory in pieces: the GPU fetches one piece while the next is received, and writes one while the last is sent.
internal static unsafe partial class Custom
{
    private const uint DisableTiming = 2; // CU_EVENT_DISABLE_TIMING

    /// <summary>
    /// Copies the call's bulk to the device. Ends early where the session has no memory to stage in; <paramref name="done"/> says how much was copied.
    /// </summary>
    private static CUresult Upload(CudaDriver driver, ref ServerCall call, CUdeviceptr destination, ulong bytes, CUstream stream, out ulong done)
    {
        HostChannel host = call.Session.Host;
        nint context = call.ContextOf(stream);
        CUresult status = CUresult.CUDA_SUCCESS;
        for (done = 0; done < bytes && status == CUresult.CUDA_SUCCESS;)
        {
            nuint piece = (nuint)ulong.Min(bytes - done, ProtocolLimits.StagedPiece);
            if (host.Borrow(driver, context, piece) is not HostStaging block)
            {
                break;
            }

            call.ReadBulkPiece(block.Bytes, piece);
            void* userData = block.UserData;
            status = driver.cuMemcpyHtoDAsync_v2(destination + done, block.Bytes, piece, stream);
            host.Settle(block);
            // Without a function behind it only waiting tells when the copy is over.
            if (status != CUresult.CUDA_SUCCESS || driver.cuLaunchHostFunc(stream, &GiveBack, userData) != CUresult.CUDA_SUCCESS)
            {
                status = status == CUresult.CUDA_SUCCESS ? driver.cuStreamSynchronize(stream) : status;
                host.GiveBack(block);
            }

            done += piece;
        }

        return status;
    }

    /// <summary>Copies from the device into the reply's bulk; the same.</summary>
    private static CUresult Download(CudaDriver driver, ref ServerCall call, CUdeviceptr source, ulong bytes, CUstream stream, out ulong sent)
    {
        HostChannel host = call.Session.Host;
        nint context = call.ContextOf(stream);
        sent = 0;
        if (host.Borrow(driver, context, (nuint)ulong.Min(bytes, ProtocolLimits.StagedPiece)) is not HostStaging first)
        {
            return CUresult.CUDA_SUCCESS;
        }

        // An event can be recorded in a stream of the context it was made in, which is the current one.
        HostStaging? second = bytes > ProtocolLimits.StagedPiece && context == call.CurrentContext ? host.Borrow(driver, context, ProtocolLimits.StagedPiece) : null;
        CUevent copied = default;
        CUresult status = second is null ? CUresult.CUDA_SUCCESS : driver.cuEventCreate(&copied, DisableTiming);
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = second is null
                ? InTurns(driver, ref call, source, bytes, stream, first, out sent)
                : Overlapped(driver, ref call, source, bytes, stream, first, second, copied, out sent);
        }

        if (copied != default)
        {
            _ = driver.cuEventDestroy_v2(copied);
        }

        host.Settle(first);
        host.GiveBack(first);
        if (second is not null)
        {
            host.Settle(second);
            host.GiveBack(second);
        }

        return status;
    }

    private static CUresult InTurns(
        CudaDriver driver, ref ServerCall call, CUdeviceptr source, ulong bytes, CUstream stream, HostStaging block, out ulong sent)
    {
        CUresult status = CUresult.CUDA_SUCCESS;
        for (sent = 0; sent < bytes && status == CUresult.CUDA_SUCCESS;)
        {
            nuint piece = (nuint)ulong.Min(bytes - sent, ProtocolLimits.StagedPiece);
            status = driver.cuMemcpyDtoHAsync_v2(block.Bytes, source + sent, piece, stream);
            status = status == CUresult.CUDA_SUCCESS ? driver.cuStreamSynchronize(stream) : status;
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.SendBulkPiece(block.Bytes, piece);
                sent += piece;
            }
        }

        return status;
    }

    // One event is enough: the next piece's copy is begun when the event of the last one is over, and before that one is sent.
    private static CUresult Overlapped(
        CudaDriver driver, ref ServerCall call, CUdeviceptr source, ulong bytes, CUstream stream, HostStaging block, HostStaging other, CUevent copied,
        out ulong sent)
    {
        sent = 0;
        nuint piece = ProtocolLimits.StagedPiece;
        CUresult status = Begin(driver, block, source, piece, stream, copied);
        while (status == CUresult.CUDA_SUCCESS && piece > 0)
        {
            status = driver.cuEventSynchronize(copied);
            ulong next = sent + piece;
            nuint following = (nuint)ulong.Min(bytes - next, ProtocolLimits.StagedPiece);
            if (status == CUresult.CUDA_SUCCESS && following > 0)
            {
                status = Begin(driver, other, source + next, following, stream, copied);
            }

            if (status == CUresult.CUDA_SUCCESS)
            {
                call.SendBulkPiece(block.Bytes, piece);
                (sent, piece) = (next, following);
                (block, other) = (other, block);
            }
        }

        if (status != CUresult.CUDA_SUCCESS)
        {
            // The blocks are given back: nothing may still write them.
            _ = driver.cuStreamSynchronize(stream);
        }

        return status;
    }

    private static CUresult Begin(CudaDriver driver, HostStaging block, CUdeviceptr source, nuint piece, CUstream stream, CUevent copied)
    {
        CUresult status = driver.cuMemcpyDtoHAsync_v2(block.Bytes, source, piece, stream);
        return status == CUresult.CUDA_SUCCESS ? driver.cuEventRecord(copied, stream) : status;
    }
}
