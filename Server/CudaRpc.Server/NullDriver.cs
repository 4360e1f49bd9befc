using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.Server;

/// <summary>
/// A driver for measuring: all of the simulated one but its work. A launch, a copy or a fill succeeds at once and changes nothing, so what a
/// call costs is what carries it.
/// </summary>
internal sealed unsafe class NullDriver(SimulatedGpu gpu) : SimulatedDriver(gpu)
{
    /// <inheritdoc/>
    public override CUresult cuLaunchKernel(
        CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
        uint sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuLaunchKernelEx(CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, void* srcHost, nuint ByteCount, CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, nuint ByteCount, CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, nuint N, CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuMemsetD32Async(CUdeviceptr dstDevice, uint ui, nuint N, CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuStreamSynchronize(CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuCtxSynchronize() => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuEventRecord(CUevent hEvent, CUstream hStream) => CUresult.CUDA_SUCCESS;

    /// <inheritdoc/>
    public override CUresult cuEventSynchronize(CUevent hEvent) => CUresult.CUDA_SUCCESS;

    /// <summary>What comes before it is done, so it is called at once.</summary>
    public override CUresult cuLaunchHostFunc(CUstream hStream, delegate* unmanaged[Cdecl]<void*, void> fn, void* userData)
    {
        fn(userData);
        return CUresult.CUDA_SUCCESS;
    }
}
