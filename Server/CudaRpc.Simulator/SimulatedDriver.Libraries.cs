using System.Runtime.InteropServices;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <summary>Needs no context: the code is loaded into each when it is first used there.</summary>
    public override CUresult cuLibraryLoadData(
        CUlibrary* library, void* code, CUjit_option* jitOptions, void** jitOptionsValues, uint numJitOptions,
        CUlibraryOption* libraryOptions, void** libraryOptionValues, uint numLibraryOptions)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (library == null || code == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (CheckLibraryOptions(libraryOptions, numLibraryOptions) is not CUDA_SUCCESS and var unsupported)
        {
            return unsupported;
        }
        if (Compile(code, jitOptions, jitOptionsValues, numJitOptions, out PtxModule parsed) is not CUDA_SUCCESS and var refused)
        {
            return refused;
        }
        var loaded = new DriverLibrary(parsed);
        loaded.Handle = _handles.Add(loaded);
        if (loaded.Handle == 0)
        {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        *library = new CUlibrary(loaded.Handle);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryLoadFromFile(
        CUlibrary* library, byte* fileName, CUjit_option* jitOptions, void** jitOptionsValues, uint numJitOptions,
        CUlibraryOption* libraryOptions, void** libraryOptionValues, uint numLibraryOptions)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ReadFile(fileName, out byte[] file) is not CUDA_SUCCESS and var unreadable)
        {
            return unreadable;
        }
        fixed (byte* image = file)
        {
            return cuLibraryLoadData(
                library, image, jitOptions, jitOptionsValues, numJitOptions, libraryOptions, libraryOptionValues, numLibraryOptions);
        }
    }

    /// <summary>Unloads the library's modules from all contexts, each after the work of its context.</summary>
    public override CUresult cuLibraryUnload(CUlibrary library)
    {
        if (Find(library.Value, out DriverLibrary _) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (!_handles.Remove(library.Value, out DriverLibrary? removed))
        {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        DriverContext[] contexts;
        lock (_lock)
        {
            contexts = [.. _contexts];
        }
        foreach (DriverContext context in contexts)
        {
            if (context.Find(removed) is { } module)
            {
                Unload(module);
            }
        }
        _handles.RemoveWhere(target => target is DriverKernel kernel && kernel.Library == removed);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryGetModule(CUmodule* pMod, CUlibrary library)
    {
        if (EnterLibrary(library, out DriverModule module) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Give(pMod, new CUmodule(module.Handle));
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryGetGlobal(CUdeviceptr* dptr, nuint* bytes, CUlibrary library, byte* name) =>
        EnterLibrary(library, out DriverModule module) is not CUDA_SUCCESS and var error ? error : GiveGlobal(module, name, dptr, bytes);

    /// <inheritdoc/>
    public override CUresult cuLibraryGetKernel(CUkernel* pKernel, CUlibrary library, byte* name)
    {
        if (Find(library.Value, out DriverLibrary found) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (pKernel == null || name == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (found.GetKernel(Marshal.PtrToStringUTF8((nint)name)!, _handles) is not { } kernel)
        {
            return CUDA_ERROR_NOT_FOUND;
        }
        *pKernel = new CUkernel(kernel.Handle);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryGetKernelCount(uint* count, CUlibrary lib) =>
        Find(lib.Value, out DriverLibrary library) is not CUDA_SUCCESS and var error
            ? error
            : Give(count, (uint)library.Code.Kernels.Count);

    /// <inheritdoc/>
    public override CUresult cuLibraryEnumerateKernels(CUkernel* kernels, uint numKernels, CUlibrary lib)
    {
        if (Find(lib.Value, out DriverLibrary library) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (kernels == null || numKernels == 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        foreach (string name in library.Code.Kernels.Keys.Take((int)Math.Min(numKernels, int.MaxValue)))
        {
            if (library.GetKernel(name, _handles) is not { } kernel)
            {
                return CUDA_ERROR_OUT_OF_MEMORY;
            }
            *kernels++ = new CUkernel(kernel.Handle);
        }
        return CUDA_SUCCESS;
    }

    // The values of the one option that is allowed say nothing that matters here.
    private static CUresult CheckLibraryOptions(CUlibraryOption* options, uint count)
    {
        if (count > 0 && (options == null || count > (uint)CUlibraryOption.CU_LIBRARY_NUM_OPTIONS))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        for (uint i = 0; i < count; i++)
        {
            if (options[i] != CUlibraryOption.CU_LIBRARY_BINARY_IS_PRESERVED)
            {
                return options[i] < CUlibraryOption.CU_LIBRARY_NUM_OPTIONS ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
            }
        }
        return CUDA_SUCCESS;
    }

    /// <summary>The library's module in the current context, loaded now if this is its first use there.</summary>
    private CUresult EnterLibrary(CUlibrary library, out DriverModule module)
    {
        module = null!;
        if (Enter(out DriverContext context) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return Find(library.Value, out DriverLibrary found) is not CUDA_SUCCESS and var invalid
            ? invalid
            : LoadInto(context, found, out module);
    }

    private CUresult LoadInto(DriverContext context, DriverLibrary library, out DriverModule module)
    {
        module = context.Find(library)!;
        if (module is not null)
        {
            return CUDA_SUCCESS;
        }
        if (Instantiate(context, library.Code, library, out DriverModule loaded) is not CUDA_SUCCESS and var failed)
        {
            return failed;
        }
        module = context.FindOrAdd(library, loaded)!;
        if (module != loaded)
        {
            // Another thread was first, or the context is closing.
            _handles.Remove<DriverModule>(loaded.Handle, out _);
            loaded.Dispose();
        }
        return module is null ? CUDA_ERROR_CONTEXT_IS_DESTROYED : CUDA_SUCCESS;
    }
}
