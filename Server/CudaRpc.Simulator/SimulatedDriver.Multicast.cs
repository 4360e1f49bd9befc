namespace CudaRpc.Simulator;

// The simulated devices are connected by nothing that multiplies writes, so there are no multicast objects, and no handle to one is valid.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuMulticastCreate(ulong* mcHandle, CUmulticastObjectProp_v1* prop) =>
        Ready is not CUDA_SUCCESS and var error ? error : mcHandle == null || prop == null ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_NOT_SUPPORTED;

    /// <inheritdoc/>
    public override CUresult cuMulticastGetGranularity(nuint* granularity, CUmulticastObjectProp_v1* prop, CUmulticastGranularity_flags option) =>
        Ready is not CUDA_SUCCESS and var error ? error : granularity == null || prop == null ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_NOT_SUPPORTED;

    /// <inheritdoc/>
    public override CUresult cuMulticastAddDevice(ulong mcHandle, int dev) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    /// <inheritdoc/>
    public override CUresult cuMulticastBindAddr(ulong mcHandle, nuint mcOffset, CUdeviceptr memptr, nuint size, ulong flags) =>
        Ready is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    /// <inheritdoc/>
    public override CUresult cuMulticastBindMem(ulong mcHandle, nuint mcOffset, ulong memHandle, nuint memOffset, nuint size, ulong flags) =>
        Ready is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;

    /// <inheritdoc/>
    public override CUresult cuMulticastUnbind(ulong mcHandle, int dev, nuint mcOffset, nuint size) =>
        EnterDevice(dev, out _) is not CUDA_SUCCESS and var error ? error : CUDA_ERROR_INVALID_VALUE;
}
