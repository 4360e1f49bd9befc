using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>What stands behind the C entry points: the process's driver, and the functions that work without one or that end a context.</summary>
/// <remarks>
/// Called from any thread of a program that knows nothing of .NET. The server is connected to once, when a call first needs it; if that
/// fails the process has no device, as with a machine without a GPU.
/// </remarks>
internal static unsafe class Entry
{
    private static readonly Lazy<ServerLink> s_link = new(ServerLink.Open);
    private static readonly Lazy<ProcAddressTable> s_procAddresses = new(ProcAddressTable.Load);

    // Written by cuInit, read by every call: Volatile, so that a thread that sees it sees what it points to.
    private static CudaDriver? s_driver;
    private static bool s_forked;
    private static int s_bugReported;

    // Before anything else: a child forked while the parent still connects must not wait for a thread it does not have.
    static Entry() => Fork.Watch();

    /// <summary>The driver that calls go to; null before cuInit has succeeded, in a forked child and in functions that a stream calls.</summary>
    internal static CudaDriver? Driver => HostFunctionScope.IsInside ? null : Volatile.Read(ref s_driver);

    /// <summary>What a call answers for which there is no <see cref="Driver"/>.</summary>
    internal static CUresult NoDriver => HostFunctionScope.IsInside ? CUresult.CUDA_ERROR_NOT_PERMITTED : CUresult.CUDA_ERROR_NOT_INITIALIZED;

    /// <summary>The CUDA version to be compatible with: the server's, but none that our header does not know.</summary>
    internal static int Version => Math.Min(s_link.Value.DriverVersion, CudaConstants.CUDA_VERSION);

    internal static CUresult cuInit(uint Flags)
    {
        if (Volatile.Read(ref s_forked)) return CUresult.CUDA_ERROR_NOT_INITIALIZED;
        ServerLink link = s_link.Value;
        if (link.Driver is not { } driver)
        {
            link.ReportProblem();
            return CUresult.CUDA_ERROR_NO_DEVICE;
        }
        CUresult result = driver.cuInit(Flags);
        if (result == CUresult.CUDA_SUCCESS) Volatile.Write(ref s_driver, driver);
        return result;
    }

    internal static CUresult cuDriverGetVersion(int* driverVersion)
    {
        if (driverVersion == null) return CUresult.CUDA_ERROR_INVALID_VALUE;
        *driverVersion = Version;
        return CUresult.CUDA_SUCCESS;
    }

    internal static CUresult cuGetErrorName(CUresult error, byte** pStr) => Text(CudaErrors.NamePointer(error), pStr);

    internal static CUresult cuGetErrorString(CUresult error, byte** pStr) => Text(CudaErrors.DescriptionPointer(error), pStr);

    internal static CUresult cuGetProcAddress(byte* symbol, void** pfn, int cudaVersion, ulong flags)
    {
        CUdriverProcAddressQueryResult found;
        void* address;
        CUresult result = Find(symbol, pfn, cudaVersion, flags, &address, &found);
        if (result != CUresult.CUDA_SUCCESS) return result;
        if (found != CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS) return CUresult.CUDA_ERROR_NOT_FOUND;
        *pfn = address;
        return CUresult.CUDA_SUCCESS;
    }

    internal static CUresult cuGetProcAddress_v2(
        byte* symbol, void** pfn, int cudaVersion, ulong flags, CUdriverProcAddressQueryResult* symbolStatus)
    {
        CUdriverProcAddressQueryResult found;
        void* address;
        CUresult result = Find(symbol, pfn, cudaVersion, flags, &address, &found);
        if (result != CUresult.CUDA_SUCCESS) return result;
        // As the real driver does: without a status the pointer of what was not found stays as it was.
        if (found == CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS || symbolStatus != null) *pfn = address;
        if (symbolStatus != null) *symbolStatus = found;
        return CUresult.CUDA_SUCCESS;
    }

    internal static CUresult cuGetExportTable(void** ppExportTable, CUuuid* pExportTableId)
    {
        if (ppExportTable == null || pExportTableId == null) return CUresult.CUDA_ERROR_INVALID_VALUE;
        // The machine's own driver, which is being recorded, has its own.
        if (Driver is { Undecorated: NativeDriver } driver) return driver.cuGetExportTable(ppExportTable, pExportTableId);
        *ppExportTable = ExportTable.Find((byte*)pExportTableId);
        return *ppExportTable == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
    }

    internal static CUresult cuCtxDestroy(CUcontext ctx) => cuCtxDestroy_v2(ctx);

    internal static CUresult cuCtxDestroy_v2(CUcontext ctx)
    {
        if (Driver is not { } driver) return NoDriver;
        CUresult result = driver.cuCtxDestroy_v2(ctx);
        if (result == CUresult.CUDA_SUCCESS) ContextLocalStorage.End(ctx);
        return result;
    }

    internal static CUresult cuDevicePrimaryCtxRelease(int dev) => cuDevicePrimaryCtxRelease_v2(dev);

    internal static CUresult cuDevicePrimaryCtxRelease_v2(int dev) =>
        Driver is { } driver ? Released(driver, dev, driver.cuDevicePrimaryCtxRelease_v2(dev)) : NoDriver;

    internal static CUresult cuDevicePrimaryCtxReset(int dev) => cuDevicePrimaryCtxReset_v2(dev);

    internal static CUresult cuDevicePrimaryCtxReset_v2(int dev) =>
        Driver is { } driver ? Released(driver, dev, driver.cuDevicePrimaryCtxReset_v2(dev)) : NoDriver;

    /// <summary>What a call answers that failed in a way it must not: nothing crosses into C as an exception.</summary>
    internal static CUresult Failed(Exception failure, string function)
    {
        if (Interlocked.Exchange(ref s_bugReported, 1) == 0)
            StandardError.WriteLine($"internal error in {function}, please report it: {failure}");
        return CUresult.CUDA_ERROR_UNKNOWN;
    }

    /// <summary>Whether this is the child of a fork, which has none of our threads.</summary>
    internal static bool IsForked => Volatile.Read(ref s_forked);

    /// <summary>In the child of a fork, which has none of our threads: nothing is initialised, as with the real driver.</summary>
    /// <remarks>Allocates nothing, as a collection would wait for threads that are not there.</remarks>
    internal static void LeaveToParent()
    {
        Volatile.Write(ref s_forked, true);
        Volatile.Write(ref s_driver, null);
    }

    // The primary context of a device was let go of; that may have been its end.
    private static CUresult Released(CudaDriver driver, int dev, CUresult result)
    {
        uint flags;
        int active = 0;
        CUcontext context;
        if (result == CUresult.CUDA_SUCCESS
            && driver.cuDevicePrimaryCtxGetState(dev, &flags, &active) == CUresult.CUDA_SUCCESS && active == 0
            && driver.PrimaryContextHandle(&context, dev) == CUresult.CUDA_SUCCESS)
        {
            ContextLocalStorage.End(context);
        }
        return result;
    }

    private static CUresult Find(
        byte* symbol, void** pfn, int cudaVersion, ulong flags, void** address, CUdriverProcAddressQueryResult* found)
    {
        const ulong KnownFlags = (ulong)(CUdriverProcAddress_flags.CU_GET_PROC_ADDRESS_LEGACY_STREAM
            | CUdriverProcAddress_flags.CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM);
        const ulong PerThread = (ulong)CUdriverProcAddress_flags.CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
        if (symbol == null || pfn == null || (flags & ~KnownFlags) != 0 || cudaVersion > Version)
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        string name = Marshal.PtrToStringUTF8((nint)symbol)!;
        *address = null;
        *found = s_procAddresses.Value.Find(name, cudaVersion, Version, (flags & PerThread) != 0, out nint export);
        *address = (void*)export;
        return CUresult.CUDA_SUCCESS;
    }

    private static CUresult Text(byte* text, byte** pStr)
    {
        if (pStr == null) return CUresult.CUDA_ERROR_INVALID_VALUE;
        *pStr = text;
        return text == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
    }
}
