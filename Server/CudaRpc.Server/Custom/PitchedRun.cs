using CudaRpc.Driver;

namespace CudaRpc.Server;

/// <summary>How the driver makes a pitched copy: in which stream, waiting or not, between contexts or in the current one.</summary>
internal readonly unsafe ref struct PitchedRun(CudaDriver driver, CUstream stream, bool isAsync, bool isPeer)
{
    public CudaDriver Driver => driver;

    public CUstream Stream => stream;

    public CUresult Copy(in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        CUDA_MEMCPY3D_PEER_v1 peer = copy;
        if (isPeer)
        {
            return isAsync ? driver.cuMemcpy3DPeerAsync(&peer, stream) : driver.cuMemcpy3DPeer(&peer);
        }

        // SAFETY: CUDA_MEMCPY3D is the same structure with reserved fields, which are to be null, where the contexts are.
        (peer.srcContext, peer.dstContext) = (default, default);
        var plain = (CUDA_MEMCPY3D_v2*)&peer;
        return isAsync ? driver.cuMemcpy3DAsync_v2(plain, stream) : driver.cuMemcpy3D_v2(plain);
    }

    public CUresult CopyAndWait(in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        CUresult status = Copy(copy);
        return isAsync && status == CUresult.CUDA_SUCCESS ? driver.cuStreamSynchronize(stream) : status;
    }
}
