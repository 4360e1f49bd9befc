// What Exports needs of the shim, by signature. Generic where the type is not in every header.
#nullable enable
using CudaRpc.Driver;

namespace CudaRpc.Native;

internal static unsafe class Entry
{
    internal static CudaDriver? Driver => null;

    internal static CUresult NoDriver => CUresult.CUDA_ERROR_NOT_INITIALIZED;

    internal static CUresult cuInit(uint Flags) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuDriverGetVersion(int* driverVersion) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuGetErrorName(CUresult error, byte** pStr) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuGetErrorString(CUresult error, byte** pStr) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuGetProcAddress(byte* symbol, void** pfn, int cudaVersion, ulong flags) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuGetProcAddress_v2<T>(byte* symbol, void** pfn, int cudaVersion, ulong flags, T* symbolStatus)
        where T : unmanaged => CUresult.CUDA_SUCCESS;

    internal static CUresult cuGetExportTable<T>(void** ppExportTable, T* pExportTableId)
        where T : unmanaged => CUresult.CUDA_SUCCESS;

    internal static CUresult cuCtxDestroy(CUcontext ctx) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuCtxDestroy_v2(CUcontext ctx) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuDevicePrimaryCtxRelease(int dev) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuDevicePrimaryCtxRelease_v2(int dev) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuDevicePrimaryCtxReset(int dev) => CUresult.CUDA_SUCCESS;

    internal static CUresult cuDevicePrimaryCtxReset_v2(int dev) => CUresult.CUDA_SUCCESS;

    internal static CUresult Failed(System.Exception failure, string function) => CUresult.CUDA_ERROR_UNKNOWN;
}
