using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Protocol;

/// <summary>
/// The value a program sees as CUstream, CUmodule, ...: a number of the session, never a pointer.
/// Bits 0..7 are the <see cref="HandleKind"/>, the bits above a counter that starts at 1, so that no handle collides with
/// null, CU_STREAM_LEGACY (1) or CU_STREAM_PER_THREAD (2).
/// </summary>
internal static class HandleId
{
    /// <summary>
    /// Counters 1..255 belong to what devices 0..254 have without its being created: their primary contexts and their default memory pools.
    /// </summary>
    public const long FirstMinted = 256;

    /// <summary>Counters from here on are given by the server, to what appears there without the client's asking: the nodes of a clone.</summary>
    public const long FirstOfServer = 1L << 40;

    /// <summary>Whether what has such a handle lives in a context and dies with it.</summary>
    public static bool IsOfContext(HandleKind kind) => kind is not (HandleKind.CUcontext or HandleKind.CUlibrary or HandleKind.CUkernel
        or HandleKind.CUgraph or HandleKind.CUgraphNode or HandleKind.CUgraphExec or HandleKind.CUuserObject
        or HandleKind.CUmemoryPool or HandleKind.CUlinkState or HandleKind.CUdevResourceDesc
        or HandleKind.CUasyncCallbackHandle);

    public static nint Make(HandleKind kind, long counter) => (nint)((counter << 8) | (byte)kind);

    public static HandleKind Kind(nint id) => (HandleKind)(byte)id;

    /// <summary>The counter, which names a context in a frame's header.</summary>
    public static uint Number(nint id) => checked((uint)(id >>> 8));

    public static nint PrimaryContext(int device) => Make(HandleKind.CUcontext, device + 1);

    /// <summary>The device whose primary context <paramref name="id"/> is, null for any other handle.</summary>
    public static int? PrimaryDevice(nint id) =>
        Kind(id) == HandleKind.CUcontext && id >>> 8 < FirstMinted ? (int)(id >>> 8) - 1 : null;

    public static nint DefaultPool(int device) => Make(HandleKind.CUmemoryPool, device + 1);

    /// <summary>The device whose default memory pool <paramref name="id"/> is, null for any other handle.</summary>
    public static int? DefaultPoolDevice(nint id) =>
        Kind(id) == HandleKind.CUmemoryPool && (long)(id >>> 8) is > 0 and < FirstMinted ? (int)(id >>> 8) - 1 : null;

    /// <summary>Whether a handle of kind <paramref name="actual"/> may stand where <paramref name="expected"/> is asked for.</summary>
    public static bool Fits(HandleKind actual, HandleKind expected) =>
        // CUDA 12 and newer take a CUkernel wherever a CUfunction is launched or queried.
        actual == expected || (expected == HandleKind.CUfunction && actual == HandleKind.CUkernel);

    /// <summary>What CUDA answers to a handle that is null, stale or of another kind where one of <paramref name="kind"/> is due.</summary>
    public static CUresult Refusal(HandleKind kind) => kind switch
    {
        HandleKind.CUcontext => CUresult.CUDA_ERROR_INVALID_CONTEXT,
        HandleKind.CUmemoryPool or HandleKind.CUgraph or HandleKind.CUgraphNode or HandleKind.CUgraphExec or HandleKind.CUuserObject
            or HandleKind.CUasyncCallbackHandle or IntegerHandles.Allocation => CUresult.CUDA_ERROR_INVALID_VALUE,
        _ => CUresult.CUDA_ERROR_INVALID_HANDLE,
    };

    /// <summary>Whether <paramref name="id"/> is one of the stream values that are not handles: null, legacy, per-thread.</summary>
    public static bool IsStreamConstant(nint id) => (nuint)id <= 2;
}
