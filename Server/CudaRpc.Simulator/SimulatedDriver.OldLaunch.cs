using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

// Launches as in CUDA 3: what is said of a function stays with it until it is launched.
public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuFuncSetBlockShape(CUfunction hfunc, int x, int y, int z)
    {
        if (EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return x > 0 && y > 0 && z > 0 && (ulong)x * (ulong)y > (uint)function.Traits.MaxThreads / (uint)z
            ? CUDA_ERROR_INVALID_VALUE
            : function.LaunchState.SetBlock(x, y, z);
    }

    /// <inheritdoc/>
    public override CUresult cuFuncSetSharedSize(CUfunction hfunc, uint bytes) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : bytes > (uint)function.Traits.LargestDynamicShared
                ? CUDA_ERROR_INVALID_VALUE
                : function.LaunchState.SetSharedBytes(bytes);

    /// <inheritdoc/>
    public override CUresult cuParamSetSize(CUfunction hfunc, uint numbytes) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : function.LaunchState.SetParameterBytes(numbytes);

    /// <inheritdoc/>
    public override CUresult cuParamSeti(CUfunction hfunc, int offset, uint value) => cuParamSetv(hfunc, offset, &value, sizeof(uint));

    /// <inheritdoc/>
    public override CUresult cuParamSetf(CUfunction hfunc, int offset, float value) => cuParamSetv(hfunc, offset, &value, sizeof(float));

    /// <inheritdoc/>
    public override CUresult cuParamSetv(CUfunction hfunc, int offset, void* ptr, uint numbytes) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : function.LaunchState.SetParameter(offset, ptr, numbytes);

    /// <inheritdoc/>
    public override CUresult cuLaunch(CUfunction f) => cuLaunchGridAsync(f, 1, 1, default);

    /// <inheritdoc/>
    public override CUresult cuLaunchGrid(CUfunction f, int grid_width, int grid_height) =>
        cuLaunchGridAsync(f, grid_width, grid_height, default);

    /// <inheritdoc/>
    public override CUresult cuLaunchGridAsync(CUfunction f, int grid_width, int grid_height, CUstream hStream) =>
        EnterFunction(f, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : function.LaunchState.Launch(this, f, grid_width, grid_height, hStream);
}
