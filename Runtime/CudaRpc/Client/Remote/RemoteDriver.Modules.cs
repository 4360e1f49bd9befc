using System.Runtime.InteropServices;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuModuleLoadData(CUmodule* module, void* image) => cuModuleLoadDataEx(module, image, 0, null, null);

    /// <inheritdoc/>
    public override CUresult cuModuleLoadDataEx(CUmodule* module, void* image, uint numOptions, CUjit_option* options, void** optionValues)
    {
        if (module == null || image == null || (numOptions > 0 && (options == null || optionValues == null)))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var jit = new JitOptions(options, optionValues, numOptions);
        if (!jit.AreSupported)
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        CUresult status = LoadImage(CallId.cuModuleLoadDataEx, HandleKind.CUmodule, (byte*)image, jit, out nint id);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *module = new CUmodule(id);
        }

        return status;
    }

    /// <inheritdoc/>
    public override CUresult cuModuleLoad(CUmodule* module, byte* fname)
    {
        if (module == null || fname == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUresult status = ReadFile(fname, out byte[] content);
        fixed (byte* image = content)
        {
            return status == CUresult.CUDA_SUCCESS ? cuModuleLoadData(module, image) : status;
        }
    }

    /// <inheritdoc/>
    public override CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) =>
        // What the server's driver does with its own images shows nowhere here but in this answer.
        Local(mode, CUmoduleLoadingMode.CU_MODULE_LAZY_LOADING);

    /// <inheritdoc/>
    public override CUresult cuLibraryGetModule(CUmodule* pMod, CUlibrary library)
    {
        if (pMod == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Handles.Find(library.Value) is not { Kind: HandleKind.CUlibrary } info)
        {
            return CUresult.CUDA_ERROR_INVALID_HANDLE;
        }

        (string, nint) key = ("", CurrentOwner.Value);
        if (info.Made.TryGetValue(key, out nint known) && Handles.Find(known) is not null)
        {
            return Local(pMod, new CUmodule(known));
        }

        try
        {
            var call = new Call(_session, CallId.cuLibraryGetModule);
            nint id = call.WriteNewHandle(HandleKind.CUmodule);
            call.WriteHandle(library.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
                Handles.Add(id, new HandleInfo(HandleKind.CUmodule, library.Value));
                info.Made[key] = id;
                *pMod = new CUmodule(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuLibraryGetModule, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuFuncGetModule(CUmodule* hmod, CUfunction hfunc)
    {
        if (Handles.Find<FunctionInfo>(hfunc.Value) is not FunctionInfo info)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_HANDLE);
        }

        return HandleId.Kind(info.Parent) == HandleKind.CUmodule
            ? Local(hmod, new CUmodule(info.Parent))
            : cuLibraryGetModule(hmod, new CUlibrary(info.Parent));
    }

    /// <inheritdoc/>
    public override CUresult cuKernelGetLibrary(CUlibrary* pLib, CUkernel kernel) =>
        Handles.Find<FunctionInfo>(kernel.Value) is { Kind: HandleKind.CUkernel } info
            ? Local(pLib, new CUlibrary(info.Parent))
            : Local(CUresult.CUDA_ERROR_INVALID_HANDLE);

    // The file is the program's, so it is read here. A NUL is appended: PTX in a file has none, and no other format minds.
    private static CUresult ReadFile(byte* name, out byte[] content)
    {
        try
        {
            using FileStream file = File.OpenRead(Marshal.PtrToStringUTF8((nint)name)!);
            content = new byte[file.Length + 1];
            file.ReadExactly(content, 0, content.Length - 1);
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            content = [];
            return CUresult.CUDA_ERROR_FILE_NOT_FOUND;
        }
    }
}
