using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// What belongs to the graphics stack or to other processes of a machine. Nothing of it can be registered or imported through a server, so no
// handle of it exists, and every one is answered as CUDA answers a handle that does not exist.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphicsUnregisterResource(CUgraphicsResource resource) => NoResource(resource);

    /// <inheritdoc/>
    public override CUresult cuGraphicsMapResources(uint count, CUgraphicsResource* resources, CUstream hStream) =>
        NoResources(count, resources, hStream);

    /// <inheritdoc/>
    public override CUresult cuGraphicsUnmapResources(uint count, CUgraphicsResource* resources, CUstream hStream) =>
        NoResources(count, resources, hStream);

    /// <inheritdoc/>
    public override CUresult cuGraphicsResourceSetMapFlags_v2(CUgraphicsResource resource, uint flags) => NoResource(resource);

    /// <inheritdoc/>
    public override CUresult cuGraphicsResourceGetMappedPointer_v2(CUdeviceptr* pDevPtr, nuint* pSize, CUgraphicsResource resource) =>
        NoResource(resource);

    /// <inheritdoc/>
    public override CUresult cuGraphicsSubResourceGetMappedArray(CUarray* pArray, CUgraphicsResource resource, uint arrayIndex, uint mipLevel) =>
        NoResource(resource);

    /// <inheritdoc/>
    public override CUresult cuGraphicsResourceGetMappedMipmappedArray(CUmipmappedArray* pMipmappedArray, CUgraphicsResource resource) =>
        NoResource(resource);

    /// <inheritdoc/>
    public override CUresult cuDestroyExternalMemory(CUexternalMemory extMem) => Local(Handles.Check(extMem.Value, HandleKind.CUexternalMemory));

    /// <inheritdoc/>
    public override CUresult cuExternalMemoryGetMappedBuffer(
        CUdeviceptr* devPtr, CUexternalMemory extMem, CUDA_EXTERNAL_MEMORY_BUFFER_DESC_v1* bufferDesc) =>
        Local(devPtr == null || bufferDesc == null ? CUresult.CUDA_ERROR_INVALID_VALUE : Handles.Check(extMem.Value, HandleKind.CUexternalMemory));

    /// <inheritdoc/>
    public override CUresult cuExternalMemoryGetMappedMipmappedArray(
        CUmipmappedArray* mipmap, CUexternalMemory extMem, CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC_v1* mipmapDesc) =>
        Local(mipmap == null || mipmapDesc == null ? CUresult.CUDA_ERROR_INVALID_VALUE : Handles.Check(extMem.Value, HandleKind.CUexternalMemory));

    /// <inheritdoc/>
    public override CUresult cuDestroyExternalSemaphore(CUexternalSemaphore extSem) =>
        Local(Handles.Check(extSem.Value, HandleKind.CUexternalSemaphore));

    /// <inheritdoc/>
    public override CUresult cuSignalExternalSemaphoresAsync(
        CUexternalSemaphore* extSemArray, CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS_v1* paramsArray, uint numExtSems, CUstream stream) =>
        NoSemaphores(extSemArray, paramsArray, numExtSems, stream);

    /// <inheritdoc/>
    public override CUresult cuWaitExternalSemaphoresAsync(
        CUexternalSemaphore* extSemArray, CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS_v1* paramsArray, uint numExtSems, CUstream stream) =>
        NoSemaphores(extSemArray, paramsArray, numExtSems, stream);

    /// <summary>This process runs, unless its driver cannot be called any more; of others nothing is known here.</summary>
    public override CUresult cuCheckpointProcessGetState(int pid, CUprocessState* state) =>
        pid == Environment.ProcessId ? Local(state, CUprocessState.CU_PROCESS_STATE_RUNNING) : Local(CUresult.CUDA_ERROR_INVALID_VALUE);

    private CUresult NoResource(CUgraphicsResource resource) => Local(Handles.Check(resource.Value, HandleKind.CUgraphicsResource));

    private CUresult NoResources(uint count, CUgraphicsResource* resources, CUstream stream)
    {
        if (Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        return Local(count == 0 || resources == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_ERROR_INVALID_HANDLE);
    }

    private CUresult NoSemaphores(CUexternalSemaphore* semaphores, void* parameters, uint count, CUstream stream)
    {
        if (Handles.Check(stream.Value, HandleKind.CUstream) is var check and not CUresult.CUDA_SUCCESS)
        {
            return Local(check);
        }

        return Local(CheckSemaphores(semaphores, parameters, count));
    }

    private static CUresult CheckSemaphores(CUexternalSemaphore* semaphores, void* parameters, uint count) =>
        count == 0 || semaphores == null || parameters == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_ERROR_INVALID_HANDLE;
}
