namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>Functions whose calls cannot succeed here, and why. Every other one must succeed with nothing wrong.</summary>
internal static class Impossible
{
    private const string NoHandles = "so that no handle is valid";

    private static readonly (string Functions, string Why)[] s_rows =
    [
        ("cuCheckpointProcessCheckpoint cuCheckpointProcessGetRestoreThreadId cuCheckpointProcessLock cuCheckpointProcessRestore "
            + "cuCheckpointProcessUnlock cuDeviceGetNvSciSyncAttributes "
            + "cuImportExternalMemory cuImportExternalSemaphore cuLibraryGetManaged cuMemGetHandleForAddressRange "
            + "cuMemMapArrayAsync cuMemMapArrayAsync_ptsz", "not supported"),
        ("cuDestroyExternalMemory cuDestroyExternalSemaphore cuExternalMemoryGetMappedBuffer cuExternalMemoryGetMappedMipmappedArray "
            + "cuSignalExternalSemaphoresAsync cuSignalExternalSemaphoresAsync_ptsz cuWaitExternalSemaphoresAsync "
            + "cuWaitExternalSemaphoresAsync_ptsz cuGraphAddExternalSemaphoresSignalNode cuGraphAddExternalSemaphoresWaitNode "
            + "cuGraphExecExternalSemaphoresSignalNodeSetParams cuGraphExecExternalSemaphoresWaitNodeSetParams "
            + "cuGraphExternalSemaphoresSignalNodeGetParams cuGraphExternalSemaphoresSignalNodeSetParams "
            + "cuGraphExternalSemaphoresWaitNodeGetParams cuGraphExternalSemaphoresWaitNodeSetParams",
            $"nothing external can be imported, {NoHandles}"),
        ("cuGraphicsMapResources cuGraphicsMapResources_ptsz cuGraphicsResourceGetMappedMipmappedArray cuGraphicsResourceGetMappedPointer "
            + "cuGraphicsResourceGetMappedPointer_v2 cuGraphicsResourceSetMapFlags cuGraphicsResourceSetMapFlags_v2 "
            + "cuGraphicsSubResourceGetMappedArray cuGraphicsUnmapResources cuGraphicsUnmapResources_ptsz cuGraphicsUnregisterResource",
            $"no graphics resource can be registered, {NoHandles}"),
        ("cuIpcCloseMemHandle cuIpcOpenEventHandle cuIpcOpenMemHandle cuIpcOpenMemHandle_v2 cuMemExportToShareableHandle "
            + "cuMemImportFromShareableHandle cuMemPoolExportPointer cuMemPoolExportToShareableHandle cuMemPoolImportFromShareableHandle "
            + "cuMemPoolImportPointer", "takes two sessions: SharingTests and PoolSharingTests"),
        ("cuDeviceGetHostAtomicCapabilities cuDeviceGetLuid cuDeviceGetP2PAtomicCapabilities cuFlushGPUDirectRDMAWrites "
            + "cuMemBatchDecompressAsync cuMemBatchDecompressAsync_ptsz cuMulticastCreate cuMulticastGetGranularity cuMulticastAddDevice "
            + "cuMulticastBindAddr cuMulticastBindMem cuMulticastUnbind cuCtxGetExecAffinity cuLibraryGetUnifiedFunction "
            + "cuArrayGetPlane cuArrayGetMemoryRequirements cuArrayGetSparseProperties cuMipmappedArrayGetMemoryRequirements "
            + "cuMipmappedArrayGetSparseProperties", "the simulated device has none of that"),
        ("cuProfilerInitialize", "gone from CUDA"),
        ("cuGetExportTable cuGetProcAddress cuGetProcAddress_v2", "CudaRpc.Native's business: ExportTableTests, ProcAddressTests"),
        ("cuMemAlloc cuMemAllocPitch cuMemGetAddressRange cuMemHostGetDevicePointer cuModuleGetGlobal cuMemcpyAtoD cuMemcpyDtoA cuMemcpyDtoD "
            + "cuMemcpyDtoDAsync cuMemcpyDtoH cuMemcpyDtoHAsync cuMemcpyHtoD cuMemcpyHtoDAsync cuMemsetD8 cuMemsetD16 cuMemsetD32 "
            + "cuMemsetD2D8 cuMemsetD2D16 cuMemsetD2D32 cuTexRefGetAddress cuTexRefSetAddress cuTexRefSetAddress2D",
            "the device's addresses have more than 32 bits"),
    ];

    /// <summary>The reason, or null.</summary>
    public static string? Why(string function) =>
        s_rows.FirstOrDefault(row => row.Functions.Split(' ').Contains(function)).Why;

    /// <summary>Whether a function takes only handles of what cannot be made: it is there to refuse them.</summary>
    public static bool OnlyRefuses(string function) => Why(function)?.EndsWith(NoHandles, StringComparison.Ordinal) == true;

    /// <summary>Rows about functions that do not exist.</summary>
    public static IEnumerable<string> Stale() =>
        s_rows.SelectMany(static row => row.Functions.Split(' ')).Where(static name => typeof(Driver.CudaDriver).GetMethod(name) is null);
}
