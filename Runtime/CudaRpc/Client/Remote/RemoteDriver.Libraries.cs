using CudaRpc.Driver;

namespace CudaRpc.Client;

// Libraries are loaded without a context; their kernels come with everything a launch needs, like the functions of modules.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuLibraryLoadData(
        CUlibrary* library, void* code, CUjit_option* jitOptions, void** jitOptionsValues, uint numJitOptions,
        CUlibraryOption* libraryOptions, void** libraryOptionValues, uint numLibraryOptions)
    {
        // With no options their pointers are whatever the program's stack holds, so the counts decide.
        if (library == null || code == null
            || (numJitOptions > 0 && (jitOptions == null || jitOptionsValues == null))
            || (numLibraryOptions > 0 && libraryOptions == null))
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        var jit = new JitOptions(jitOptions, jitOptionsValues, numJitOptions);
        if (!jit.AreSupported || !AreSupported(libraryOptions, numLibraryOptions))
        {
            return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }

        CUresult status = LoadImage(CallId.cuLibraryLoadData, HandleKind.CUlibrary, (byte*)code, jit, out nint id);
        if (status == CUresult.CUDA_SUCCESS)
        {
            *library = new CUlibrary(id);
        }

        return status;
    }

    /// <inheritdoc/>
    public override CUresult cuLibraryLoadFromFile(
        CUlibrary* library, byte* fileName, CUjit_option* jitOptions, void** jitOptionsValues, uint numJitOptions,
        CUlibraryOption* libraryOptions, void** libraryOptionValues, uint numLibraryOptions)
    {
        if (library == null || fileName == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        CUresult status = ReadFile(fileName, out byte[] content);
        fixed (byte* code = content)
        {
            return status == CUresult.CUDA_SUCCESS
                ? cuLibraryLoadData(library, code, jitOptions, jitOptionsValues, numJitOptions, libraryOptions, libraryOptionValues, numLibraryOptions)
                : status;
        }
    }

    // A binary is always preserved: the server has its own copy. A host function table holds addresses of this process.
    private static bool AreSupported(CUlibraryOption* options, uint count)
    {
        for (uint index = 0; index < count; index++)
        {
            if (options[index] != CUlibraryOption.CU_LIBRARY_BINARY_IS_PRESERVED)
            {
                return false;
            }
        }

        return true;
    }
}
