using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <inheritdoc/>
    public override CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : GiveAttribute(function.Settings, attrib, pi);

    /// <inheritdoc/>
    public override CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error ? error : function.Settings.Set(attrib, value);

    /// <summary>A preference: nothing here depends on it.</summary>
    public override CUresult cuFuncSetCacheConfig(CUfunction hfunc, CUfunc_cache config) =>
        EnterFunction(hfunc, out _) is not CUDA_SUCCESS and var error
            ? error
            : Enum.IsDefined(config) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;

    /// <summary>The banks of this architecture cannot be set; as on a real one the wish is accepted without effect.</summary>
    public override CUresult cuFuncSetSharedMemConfig(CUfunction hfunc, CUsharedconfig config) =>
        EnterFunction(hfunc, out _) is not CUDA_SUCCESS and var error
            ? error
            : Enum.IsDefined(config) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;

    /// <inheritdoc/>
    public override CUresult cuFuncGetModule(CUmodule* hmod, CUfunction hfunc) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : Give(hmod, new CUmodule(function.Module.Handle));

    /// <summary>The name stays valid until the module is unloaded.</summary>
    public override CUresult cuFuncGetName(byte** name, CUfunction hfunc) =>
        EnterFunction(hfunc, out DriverFunction function) is not CUDA_SUCCESS and var error ? error : GiveName(function.Name, name);

    /// <inheritdoc/>
    public override CUresult cuFuncGetParamInfo(CUfunction func, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        EnterFunction(func, out DriverFunction function) is not CUDA_SUCCESS and var error
            ? error
            : GiveParameter(function.Kernel, paramIndex, paramOffset, paramSize);

    /// <summary>Code is decoded when its module is loaded, so a function always is.</summary>
    public override CUresult cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction function) =>
        EnterFunction(function, out _) is not CUDA_SUCCESS and var error
            ? error
            : Give(state, CUfunctionLoadingState.CU_FUNCTION_LOADING_STATE_LOADED);

    /// <inheritdoc/>
    public override CUresult cuFuncLoad(CUfunction function) => EnterFunction(function, out _);

    /// <inheritdoc/>
    public override CUresult cuKernelGetFunction(CUfunction* pFunc, CUkernel kernel)
    {
        if (Find(kernel.Value, out DriverKernel _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterFunction(new CUfunction(kernel.Value), out DriverFunction function) is not CUDA_SUCCESS and var failed)
        {
            return failed;
        }
        return Give(pFunc, new CUfunction(function.Handle));
    }

    /// <inheritdoc/>
    public override CUresult cuKernelGetLibrary(CUlibrary* pLib, CUkernel kernel) =>
        Find(kernel.Value, out DriverKernel found) is not CUDA_SUCCESS and var error
            ? error
            : Give(pLib, new CUlibrary(found.Library.Handle));

    /// <summary>The name stays valid until the library is unloaded.</summary>
    public override CUresult cuKernelGetName(byte** name, CUkernel hfunc) =>
        Find(hfunc.Value, out DriverKernel found) is not CUDA_SUCCESS and var error ? error : GiveName(found.Name, name);

    /// <inheritdoc/>
    public override CUresult cuKernelGetParamInfo(CUkernel kernel, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        Find(kernel.Value, out DriverKernel found) is not CUDA_SUCCESS and var error
            ? error
            : GiveParameter(found.Kernel, paramIndex, paramOffset, paramSize);

    /// <inheritdoc/>
    public override CUresult cuKernelGetAttribute(int* pi, CUfunction_attribute attrib, CUkernel kernel, int dev) =>
        FindKernel(kernel, dev, out FunctionSettings settings) is not CUDA_SUCCESS and var error
            ? error
            : GiveAttribute(settings, attrib, pi);

    /// <inheritdoc/>
    public override CUresult cuKernelSetAttribute(CUfunction_attribute attrib, int val, CUkernel kernel, int dev) =>
        FindKernel(kernel, dev, out FunctionSettings settings) is not CUDA_SUCCESS and var error ? error : settings.Set(attrib, val);

    /// <summary>A preference: nothing here depends on it.</summary>
    public override CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config, int dev) =>
        FindKernel(kernel, dev, out _) is not CUDA_SUCCESS and var error
            ? error
            : Enum.IsDefined(config) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;

    /// <summary>A function, or a library's kernel in its place: that means its function in the current context.</summary>
    private CUresult EnterFunction(CUfunction handle, out DriverFunction function)
    {
        function = null!;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (_handles.TryGet(handle.Value, out DriverFunction? found))
        {
            function = found;
            return found.Context.Fault;
        }
        if (!_handles.TryGet(handle.Value, out DriverKernel? kernel))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var noContext)
        {
            return noContext;
        }
        if (LoadInto(context, kernel.Library, out DriverModule module) is not CUDA_SUCCESS and var failed)
        {
            return failed;
        }
        function = module.GetFunction(kernel.Kernel.Name, _handles)!;
        return function is null ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
    }

    private CUresult FindKernel(CUkernel kernel, int dev, out FunctionSettings settings)
    {
        settings = null!;
        if (EnterDevice(dev, out SimulatedDevice device) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (Find(kernel.Value, out DriverKernel found) is not CUDA_SUCCESS and var invalid)
        {
            return invalid;
        }
        settings = found.SettingsOn(device);
        return CUDA_SUCCESS;
    }

    private static CUresult GiveAttribute(FunctionSettings settings, CUfunction_attribute attribute, int* pi)
    {
        if (pi == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        CUresult result = settings.Get(attribute, out int value);
        if (result == CUDA_SUCCESS)
        {
            *pi = value;
        }
        return result;
    }

    private static CUresult GiveName(NativeName source, byte** name)
    {
        if (name == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *name = source.Pointer;
        return CUDA_SUCCESS;
    }

    private static CUresult GiveParameter(PtxKernel kernel, nuint index, nuint* offset, nuint* size)
    {
        if (offset == null || index >= (nuint)kernel.Parameters.Count)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        PtxParameter parameter = kernel.Parameters[(int)index];
        *offset = (nuint)parameter.Offset;
        if (size != null)
        {
            *size = (nuint)parameter.Size;
        }
        return CUDA_SUCCESS;
    }
}
