using System.Collections.Concurrent;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Client;

/// <summary>
/// The handles of a session that are alive, as far as the client can know. Ids are minted here, so a creation need not wait for
/// the server. Any thread; a lookup allocates nothing.
/// </summary>
internal sealed class HandleTable
{
    private readonly ConcurrentDictionary<nint, HandleInfo> _alive = new();
    private bool _hasFault;
    private long _counter = HandleId.FirstMinted - 1;

    /// <summary>Handles alive.</summary>
    public int Count => _alive.Count;

    /// <summary>Whether all there is belongs to one context, green ones below it included.</summary>
    public bool HasOneContext => _alive.Values.Count(static info => info is ContextInfo { Green: 0 }) == 1;

    /// <summary>Whether any context has ever been told to be spoilt: else nobody need look.</summary>
    public bool HasFault => Volatile.Read(ref _hasFault);

    /// <summary>A new id, not alive before <see cref="Add"/>.</summary>
    public nint Mint(HandleKind kind) => HandleId.Make(kind, Interlocked.Increment(ref _counter));

    /// <summary><paramref name="count"/> new ids at once, by the number of the first; ids nobody uses are never given out.</summary>
    public long MintRange(int count) => Interlocked.Add(ref _counter, count) - count + 1;

    public void Add(nint id, HandleInfo info) => _alive[id] = info;

    public HandleInfo? Find(nint id) => _alive.GetValueOrDefault(id);

    /// <summary>The driver has said that a kernel's fault has spoilt the context.</summary>
    public void NoteFault(CUcontext context, CUresult fault)
    {
        if (Find<ContextInfo>(context.Value) is ContextInfo info)
        {
            info.Fault = fault;
            Volatile.Write(ref _hasFault, true);
        }
    }

    /// <summary>The context that what is made in <paramref name="context"/> belongs to: the primary one below a green one.</summary>
    public CUcontext OwnerOf(CUcontext context) => Find<ContextInfo>(context.Value) is { Owner.Value: not 0 } green ? green.Owner : context;

    public T? Find<T>(nint id)
        where T : HandleInfo => _alive.GetValueOrDefault(id) as T;

    /// <summary>
    /// What CUDA answers to a handle of kind <paramref name="kind"/>: success, CUDA_ERROR_INVALID_CONTEXT for a bad context,
    /// CUDA_ERROR_INVALID_VALUE for a bad memory pool or what is of graphs, CUDA_ERROR_INVALID_HANDLE for anything else that is null (unless
    /// <paramref name="optional"/>), stale or of another kind.
    /// </summary>
    public CUresult Check(nint id, HandleKind kind, bool optional = false)
    {
        if (id == 0 ? optional || kind == HandleKind.CUstream : _alive.TryGetValue(id, out HandleInfo? info) && HandleId.Fits(info.Kind, kind))
        {
            return CUresult.CUDA_SUCCESS;
        }

        if (kind == HandleKind.CUstream && HandleId.IsStreamConstant(id))
        {
            return CUresult.CUDA_SUCCESS;
        }

        return HandleId.Refusal(kind);
    }

    /// <summary>The handle is destroyed, and with it all whose parent it is, and what was made in it if it is a context.</summary>
    public void Forget(nint id)
    {
        if (!_alive.TryRemove(id, out HandleInfo? info) || !IsOwner(info.Kind))
        {
            return;
        }

        foreach ((nint child, HandleInfo childInfo) in _alive)
        {
            if (childInfo.Parent == id)
            {
                Forget(child);
            }
            else if (info.Kind == HandleKind.CUcontext && childInfo.Kind is (HandleKind.CUlibrary or HandleKind.CUkernel))
            {
                ForgetMade(childInfo, id);
            }
        }
    }

    private static bool IsOwner(HandleKind kind) =>
        kind is HandleKind.CUcontext or HandleKind.CUgreenCtx or HandleKind.CUmodule or HandleKind.CUlibrary or HandleKind.CUmipmappedArray or HandleKind.CUarray
            or HandleKind.CUgraph;

    // Libraries and kernels live on, and a primary context may come back under its handle: what they had in it must not.
    private void ForgetMade(HandleInfo info, nint context)
    {
        foreach (((string, nint Context) place, nint made) in info.Made)
        {
            if (place.Context == context && info.Made.TryRemove(place, out _))
            {
                Forget(made);
            }
        }
    }
}
