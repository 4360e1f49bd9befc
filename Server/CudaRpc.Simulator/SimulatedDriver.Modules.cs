using System.Runtime.InteropServices;
using CudaRpc.Simulator.Images;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    // PTX ISA 9.0 came with CUDA 13.0.
    private const int NewestPtxVersion = 90;

    /// <inheritdoc/>
    public override CUresult cuModuleLoad(CUmodule* module, byte* fname)
    {
        if (Enter(out _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ReadFile(fname, out byte[] file) is not CUDA_SUCCESS and var unreadable)
        {
            return unreadable;
        }
        fixed (byte* image = file)
        {
            return cuModuleLoadDataEx(module, image, 0, null, null);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuModuleLoadData(CUmodule* module, void* image) => cuModuleLoadDataEx(module, image, 0, null, null);

    /// <inheritdoc/>
    public override CUresult cuModuleLoadFatBinary(CUmodule* module, void* fatCubin) => cuModuleLoadDataEx(module, fatCubin, 0, null, null);

    /// <inheritdoc/>
    public override CUresult cuModuleLoadDataEx(CUmodule* module, void* image, uint numOptions, CUjit_option* options, void** optionValues)
    {
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (module == null || image == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (Compile(image, options, optionValues, numOptions, out PtxModule code) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        if (Instantiate(context, code, library: null, out DriverModule loaded) is not CUDA_SUCCESS and var failed)
        {
            return failed;
        }
        if (!context.Add(loaded))
        {
            loaded.Dispose();
            _handles.Remove<DriverModule>(loaded.Handle, out _);
            return CUDA_ERROR_CONTEXT_IS_DESTROYED;
        }
        *module = new CUmodule(loaded.Handle);
        return CUDA_SUCCESS;
    }

    /// <summary>Waits for the context's work, which may use the module, then unloads it.</summary>
    public override CUresult cuModuleUnload(CUmodule hmod)
    {
        if (Find(hmod.Value, out DriverModule module) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (module.Library is not null)
        {
            return CUDA_ERROR_NOT_PERMITTED;
        }
        return Unload(module) ? module.Context.Fault : CUDA_ERROR_INVALID_HANDLE;
    }

    /// <inheritdoc/>
    public override CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, byte* name)
    {
        if (EnterModule(hmod, out DriverModule module) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (hfunc == null || name == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (module.GetFunction(Marshal.PtrToStringUTF8((nint)name)!, _handles) is not { } function)
        {
            return CUDA_ERROR_NOT_FOUND;
        }
        *hfunc = new CUfunction(function.Handle);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuModuleGetGlobal_v2(CUdeviceptr* dptr, nuint* bytes, CUmodule hmod, byte* name) =>
        EnterModule(hmod, out DriverModule module) is not CUDA_SUCCESS and var error ? error : GiveGlobal(module, name, dptr, bytes);

    /// <inheritdoc/>
    public override CUresult cuModuleGetFunctionCount(uint* count, CUmodule mod) =>
        EnterModule(mod, out DriverModule module) is not CUDA_SUCCESS and var error ? error : Give(count, (uint)module.Code.Kernels.Count);

    /// <inheritdoc/>
    public override CUresult cuModuleEnumerateFunctions(CUfunction* functions, uint numFunctions, CUmodule mod)
    {
        if (EnterModule(mod, out DriverModule module) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (functions == null || numFunctions == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        foreach (string name in module.Code.Kernels.Keys.Take((int)Math.Min(numFunctions, int.MaxValue)))
        {
            if (module.GetFunction(name, _handles) is not { } function)
            {
                return CUDA_ERROR_OUT_OF_MEMORY;
            }
            *functions++ = new CUfunction(function.Handle);
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) =>
        Ready is not CUDA_SUCCESS and var error ? error : Give(mode, CUmoduleLoadingMode.CU_MODULE_LAZY_LOADING);

    private CUresult EnterModule(CUmodule hmod, out DriverModule module) =>
        Find(hmod.Value, out module) is not CUDA_SUCCESS and var error ? error : module.Context.Fault;

    private CUresult ReadFile(byte* fname, out byte[] file)
    {
        file = [];
        if (fname == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        try
        {
            // A text file has no NUL at its end, but the image must.
            file = [.. File.ReadAllBytes(Marshal.PtrToStringUTF8((nint)fname)!), 0];
            return CUDA_SUCCESS;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return CUDA_ERROR_FILE_NOT_FOUND;
        }
    }

    /// <summary>
    /// Finds the image's PTX, parses it and answers the options. What is wrong goes into the error log and the driver's log.
    /// </summary>
    private CUresult Compile(void* image, CUjit_option* options, void** values, uint count, out PtxModule code)
    {
        code = null!;
        if (JitOptions.Read(options, values, count, out JitOptions jit) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        CUresult result = CodeImage.ReadAll((byte*)image, DeviceAttributes.Architecture, out List<PtxSource> sources, out string message);
        if (result == CUDA_ERROR_NO_BINARY_FOR_GPU && _gpu.Options.StandIn?.Invoke((nint)image) is { } text)
        {
            (result, sources) = (CUDA_SUCCESS, [new PtxSource(null, text)]);
        }
        if (result == CUDA_SUCCESS)
        {
            result = Parse(sources, out code, out message);
        }
        jit.Answer(message);
        if (result != CUDA_SUCCESS)
        {
            _log($"an image was not loaded ({CudaErrors.Name(result)}): {message}");
        }
        return result;
    }

    private static CUresult Parse(IReadOnlyList<PtxSource> sources, out PtxModule code, out string message)
    {
        code = null!;
        message = "";
        try
        {
            code = PtxModule.Link(sources, "module");
        }
        catch (PtxException exception)
        {
            message = exception.Message;
            return CUDA_ERROR_INVALID_PTX;
        }
        catch (PtxLinkException exception)
        {
            message = exception.Message;
            return exception.IsDuplicate ? CUDA_ERROR_INVALID_IMAGE : CUDA_ERROR_NO_BINARY_FOR_GPU;
        }
        if (code.Version > NewestPtxVersion)
        {
            message = $"PTX version {code.Version / 10}.{code.Version % 10} is newer than {NewestPtxVersion / 10}.{NewestPtxVersion % 10}";
            return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
        }
        if (code.TargetArchitecture > DeviceAttributes.Architecture)
        {
            message = $"the PTX is for sm_{code.TargetArchitecture}, the device is sm_{DeviceAttributes.Architecture}";
            return CUDA_ERROR_INVALID_PTX;
        }
        if (code.Kernels.Values.FirstOrDefault(static kernel => kernel.SharedBytes > DeviceAttributes.SharedPerBlock) is { } kernel)
        {
            message = $"kernel {kernel.Name} has {kernel.SharedBytes} bytes of static shared memory, "
                + $"more than {DeviceAttributes.SharedPerBlock}";
            return CUDA_ERROR_INVALID_PTX;
        }
        return CUDA_SUCCESS;
    }

    private CUresult Instantiate(DriverContext context, PtxModule code, DriverLibrary? library, out DriverModule module)
    {
        module = null!;
        try
        {
            module = new DriverModule(context, code, library);
        }
        catch (InsufficientMemoryException)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        module.Handle = _handles.Add(module);
        if (module.Handle == 0)
        {
            module.Dispose();
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        return CUDA_SUCCESS;
    }

    /// <summary>False if somebody else unloads the module.</summary>
    private bool Unload(DriverModule module)
    {
        if (!_handles.Remove<DriverModule>(module.Handle, out _) || !module.Context.Remove(module))
        {
            return false;
        }
        module.Context.Synchronize();
        _handles.RemoveWhere(target => target is DriverFunction function && function.Module == module);
        module.RemoveReferences(_handles);
        module.Dispose();
        return true;
    }

    private static CUresult GiveGlobal(DriverModule module, byte* name, CUdeviceptr* dptr, nuint* bytes)
    {
        if (name == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (!module.Loaded.TryGetGlobal(Marshal.PtrToStringUTF8((nint)name)!, out ulong address, out ulong size))
        {
            return CUDA_ERROR_NOT_FOUND;
        }
        if (dptr != null)
        {
            *dptr = new CUdeviceptr(address);
        }
        if (bytes != null)
        {
            *bytes = (nuint)size;
        }
        return CUDA_SUCCESS;
    }
}
