namespace CudaRpc.Driver;

/// <summary>A token as the handle that a program passes to another: a file descriptor, or the 64 bytes of a fabric handle.</summary>
internal static unsafe class ShareableHandle
{
    /// <summary>Stores a handle of this type; the descriptor is the program's to close.</summary>
    public static CUresult Give(void* handle, CUmemAllocationHandleType type, ReadOnlySpan<byte> token)
    {
        switch (type)
        {
            case CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_FABRIC:
                // SAFETY: room for a CUmemFabricHandle, as the caller's own function asks of the program.
                token[..ShareToken.Size].CopyTo(new Span<byte>(handle, ShareToken.Size));
                return CUresult.CUDA_SUCCESS;
            case CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR:
                int file = TokenFile.Create(token);
                if (file < 0)
                {
                    return CUresult.CUDA_ERROR_OPERATING_SYSTEM;
                }

                *(int*)handle = file;
                return CUresult.CUDA_SUCCESS;
            default:
                return CUresult.CUDA_ERROR_NOT_SUPPORTED;
        }
    }

    /// <summary>Reads the token of an object of this kind; a descriptor is the handle itself.</summary>
    public static CUresult Take(void* handle, CUmemAllocationHandleType type, byte kind, Span<byte> token)
    {
        switch (type)
        {
            case CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR:
                if (!TokenFile.TryRead((int)(nint)handle, token))
                {
                    return CUresult.CUDA_ERROR_INVALID_VALUE;
                }

                break;
            case CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_FABRIC when handle != null:
                new ReadOnlySpan<byte>(handle, ShareToken.Size).CopyTo(token);
                break;
            case CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_WIN32 or CUmemAllocationHandleType.CU_MEM_HANDLE_TYPE_WIN32_KMT:
                return CUresult.CUDA_ERROR_NOT_SUPPORTED;
            default:
                return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        return ShareToken.Read(token, kind) is null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
    }
}
