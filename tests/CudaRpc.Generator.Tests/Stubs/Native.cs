// What Exports needs of the shim, by signature.
using CudaRpc.Driver;

namespace CudaRpc.Native;

internal static class Entry
{
    internal static CudaDriver Driver => throw new System.NotImplementedException();

    internal static CUresult Failed(System.Exception failure, string function) => CUresult.CUDA_ERROR_UNKNOWN;
}
