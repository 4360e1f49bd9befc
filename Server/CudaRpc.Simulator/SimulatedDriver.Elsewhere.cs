using CudaRpc.Simulator.Execution;

namespace CudaRpc.Simulator;

// What belongs to the graphics stack or to other processes. The simulated GPU draws nothing and imports nothing, so no handle of it exists.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphicsUnregisterResource(CUgraphicsResource resource) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuGraphicsMapResources(uint count, CUgraphicsResource* resources, CUstream hStream) =>
        NoneOf(count, resources, hStream);

    /// <inheritdoc/>
    public override CUresult cuGraphicsUnmapResources(uint count, CUgraphicsResource* resources, CUstream hStream) =>
        NoneOf(count, resources, hStream);

    /// <inheritdoc/>
    public override CUresult cuGraphicsResourceSetMapFlags_v2(CUgraphicsResource resource, uint flags) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuGraphicsResourceGetMappedPointer_v2(CUdeviceptr* pDevPtr, nuint* pSize, CUgraphicsResource resource) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuGraphicsSubResourceGetMappedArray(CUarray* pArray, CUgraphicsResource resource, uint arrayIndex, uint mipLevel) =>
        NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuGraphicsResourceGetMappedMipmappedArray(CUmipmappedArray* pMipmappedArray, CUgraphicsResource resource) =>
        NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuDestroyExternalMemory(CUexternalMemory extMem) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuExternalMemoryGetMappedBuffer(
        CUdeviceptr* devPtr, CUexternalMemory extMem, CUDA_EXTERNAL_MEMORY_BUFFER_DESC_v1* bufferDesc) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuExternalMemoryGetMappedMipmappedArray(
        CUmipmappedArray* mipmap, CUexternalMemory extMem, CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC_v1* mipmapDesc) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuDestroyExternalSemaphore(CUexternalSemaphore extSem) => NoSuchHandle;

    /// <inheritdoc/>
    public override CUresult cuSignalExternalSemaphoresAsync(
        CUexternalSemaphore* extSemArray, CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS_v1* paramsArray, uint numExtSems, CUstream stream) =>
        NoneOf(numExtSems, extSemArray, stream);

    /// <inheritdoc/>
    public override CUresult cuWaitExternalSemaphoresAsync(
        CUexternalSemaphore* extSemArray, CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS_v1* paramsArray, uint numExtSems, CUstream stream) =>
        NoneOf(numExtSems, extSemArray, stream);

    /// <summary>This process runs; the driver knows no other.</summary>
    public override CUresult cuCheckpointProcessGetState(int pid, CUprocessState* state) =>
        Ready is not CUDA_SUCCESS and var error ? error
        : pid == Environment.ProcessId ? Give(state, CUprocessState.CU_PROCESS_STATE_RUNNING)
        : CUDA_ERROR_INVALID_VALUE;

    private CUresult NoSuchHandle => Ready is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_HANDLE;

    private CUresult NoneOf(uint count, void* handles, CUstream hStream) =>
        EnterStream(hStream, out DriverStream _) is not CUDA_SUCCESS and var error ? error : NoneOf(count, handles);

    private static CUresult NoneOf(uint count, void* handles) => count == 0 || handles == null ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_INVALID_HANDLE;
}
