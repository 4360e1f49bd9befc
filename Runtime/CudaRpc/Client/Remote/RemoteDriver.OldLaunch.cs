using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

// Launches as in CUDA 3: what is said of a function stays here until it is launched, and goes then as one cuLaunchKernel.
public sealed unsafe partial class RemoteDriver
{
    // The only texture unit that was ever allowed.
    private const int DefaultTextureUnit = -1;

    /// <inheritdoc/>
    public override CUresult cuFuncSetBlockShape(CUfunction hfunc, int x, int y, int z)
    {
        if (Handles.Find<FunctionInfo>(hfunc.Value) is not FunctionInfo function)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        // Threads per block are one of the function's attributes; programs try shapes out and go by the answer.
        return x > 0 && y > 0 && z > 0 && (ulong)x * (ulong)y > (uint)(function[CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK] ?? int.MaxValue) / (uint)z
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : Local(function.LaunchState.SetBlock(x, y, z));
    }

    /// <inheritdoc/>
    public override CUresult cuFuncSetSharedSize(CUfunction hfunc, uint bytes)
    {
        if (StateOf(hfunc) is not FunctionLaunchState state)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        // How much of it this function may have is judged by the launch: that can be set in between.
        return Context(default) is ContextInfo context
            && bytes > Facts(context.Device)!.Limit(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
            ? Local(CUresult.CUDA_ERROR_INVALID_VALUE)
            : Local(state.SetSharedBytes(bytes));
    }

    /// <inheritdoc/>
    public override CUresult cuParamSetSize(CUfunction hfunc, uint numbytes) =>
        Local(StateOf(hfunc)?.SetParameterBytes(numbytes) ?? CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <inheritdoc/>
    public override CUresult cuParamSeti(CUfunction hfunc, int offset, uint value) =>
        Local(StateOf(hfunc)?.SetParameter(offset, &value, sizeof(uint)) ?? CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <inheritdoc/>
    public override CUresult cuParamSetf(CUfunction hfunc, int offset, float value) =>
        Local(StateOf(hfunc)?.SetParameter(offset, &value, sizeof(float)) ?? CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <inheritdoc/>
    public override CUresult cuParamSetv(CUfunction hfunc, int offset, void* ptr, uint numbytes) =>
        Local(StateOf(hfunc)?.SetParameter(offset, ptr, numbytes) ?? CUresult.CUDA_ERROR_INVALID_HANDLE);

    /// <summary>A module's texture reference is bound to its functions already, so there is nothing to do but to check the arguments.</summary>
    public override CUresult cuParamSetTexRef(CUfunction hfunc, int texunit, CUtexref hTexRef)
    {
        if (StateOf(hfunc) is null)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        return Local(texunit != DefaultTextureUnit ? CUresult.CUDA_ERROR_INVALID_VALUE : Handles.Check(hTexRef.Value, HandleKind.CUtexref));
    }

    /// <inheritdoc/>
    public override CUresult cuLaunch(CUfunction f) => cuLaunchGridAsync(f, 1, 1, default);

    /// <inheritdoc/>
    public override CUresult cuLaunchGrid(CUfunction f, int grid_width, int grid_height) => cuLaunchGridAsync(f, grid_width, grid_height, default);

    /// <inheritdoc/>
    public override CUresult cuLaunchGridAsync(CUfunction f, int grid_width, int grid_height, CUstream hStream) =>
        StateOf(f)?.Launch(this, f, grid_width, grid_height, hStream) ?? CUresult.CUDA_ERROR_INVALID_HANDLE;

    private FunctionLaunchState? StateOf(CUfunction function) => Handles.Find<FunctionInfo>(function.Value)?.LaunchState;
}
