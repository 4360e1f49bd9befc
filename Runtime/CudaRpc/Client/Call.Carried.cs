using CudaRpc.Driver;

namespace CudaRpc.Client;

// Which posted calls any lane may carry.
internal unsafe ref partial struct Call
{
    // Work for a stream is the same whichever thread asks for it. Anything else, and the stream of a thread, is asked for by the thread's own.
    private readonly bool IsOwn => _namesThread || !IsStreamWork(_callId);

    private static bool IsStreamWork(uint callId) => callId
        is CallId.cuLaunchKernel or CallId.cuLaunchKernelEx or CallId.cuLaunchCooperativeKernel or CallId.cuGraphLaunch or CallId.cuLaunchHostFunc
        or CallId.cuEventRecord or CallId.cuEventRecordWithFlags or CallId.cuStreamWaitEvent
        or CallId.cuMemcpyHtoD_v2 or CallId.cuMemcpyHtoDAsync_v2 or CallId.cuMemcpyDtoHAsync_v2 or CallId.cuMemcpyDtoDAsync_v2
        or CallId.cuMemsetD8Async or CallId.cuMemsetD16Async or CallId.cuMemsetD32Async or CallId.cuMemFreeAsync
        or CallId.cuStreamWaitValue32_v2 or CallId.cuStreamWaitValue64_v2 or CallId.cuStreamWriteValue32_v2 or CallId.cuStreamWriteValue64_v2;
}
