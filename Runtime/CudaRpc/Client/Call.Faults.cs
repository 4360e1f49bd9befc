using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

internal unsafe ref partial struct Call
{
    // A kernel's fault spoils its context: the driver answers every later call there with it. It is noted only where it is certain which context's it
    // is. A call that names a stream or an event may tell of that one's context, so there must be no other.
    private readonly void NoteFault(CUresult status)
    {
        HandleTable handles = _session.Handles;
        if (IsFault(status) && (_callId == CallId.cuCtxSynchronize || handles.HasOneContext))
        {
            handles.NoteFault(handles.OwnerOf(_lane.Current), status);
        }
    }

    private static bool IsFault(CUresult status) => status is CUresult.CUDA_ERROR_ILLEGAL_ADDRESS or CUresult.CUDA_ERROR_LAUNCH_TIMEOUT
        or CUresult.CUDA_ERROR_ASSERT or CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR or CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION
        or CUresult.CUDA_ERROR_MISALIGNED_ADDRESS or CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE or CUresult.CUDA_ERROR_INVALID_PC
        or CUresult.CUDA_ERROR_LAUNCH_FAILED;
}
