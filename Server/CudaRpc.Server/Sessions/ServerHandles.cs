using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>
/// A session's handles: the client's ids and the driver's values behind them. A driver's value never crosses the wire, and an id means
/// something in its own session only. Any thread.
/// </summary>
internal sealed class ServerHandles(int limit)
{
    private readonly ConcurrentDictionary<nint, ServerHandle> _handles = new();
    private readonly ConcurrentDictionary<(HandleKind, nint), nint> _ids = new();
    private long _lastOfServer = HandleId.FirstOfServer;
    private int _count;
    private int _version;

    /// <summary>Handles alive.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Changes whenever a handle ends or a context begins, so that a lane need not look up its context at every call.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Whether one more handle is within the session's limit.</summary>
    public bool HasRoom => Count < limit;

    public bool TryAdd(nint id, ServerHandle handle)
    {
        // These outlive the context that happened to be current when they were made.
        bool free = !HandleId.IsOfContext(HandleId.Kind(id)) || HandleId.Kind(id) == IntegerHandles.Allocation;
        if (!_handles.TryAdd(id, free ? handle with { Context = 0 } : handle))
        {
            return false;
        }

        Interlocked.Increment(ref _count);
        if (HandleId.Kind(id) == HandleKind.CUcontext)
        {
            // A primary context comes back under its id.
            Interlocked.Increment(ref _version);
        }

        // A driver may answer the same function twice; the first id stays its name.
        _ids.TryAdd((HandleId.Kind(id), handle.Native), id);
        return true;
    }

    public bool TryResolve(nint id, out nint native)
    {
        bool found = _handles.TryGetValue(id, out ServerHandle handle);
        native = handle.Native;
        return found;
    }

    /// <summary>The parameter layouts of the kernels of a module or library; null where the driver is asked.</summary>
    public IReadOnlyDictionary<string, List<ParameterLayout>>? LayoutsOf(nint id) => _handles.GetValueOrDefault(id).Layouts;

    /// <summary>The driver's context that a handle belongs to, 0 for none.</summary>
    public nint ContextOf(nint id) => _handles.GetValueOrDefault(id).Context;

    /// <summary>
    /// The driver's context that what is made in the context <paramref name="id"/> belongs to: itself, or the primary one below a green one.
    /// </summary>
    public nint OwnerOf(nint id) =>
        !_handles.TryGetValue(id, out ServerHandle handle) ? 0 : handle.Parent != 0 ? ContextOf(handle.Parent) : handle.Native;

    /// <summary>The handle whose end is this one's, 0 for none.</summary>
    public nint ParentOf(nint id) => _handles.TryGetValue(id, out ServerHandle handle) ? handle.Parent : 0;

    /// <summary>The driver's context that the stream was made in; <paramref name="current"/> for one that is no handle.</summary>
    public nint ContextOf(CUstream stream, nint current) =>
        _handles.TryGetValue(Find(HandleKind.CUstream, stream.Value), out ServerHandle handle) ? handle.Context : current;

    /// <summary>The id of a driver's value, 0 if the session has none.</summary>
    public nint Find(HandleKind kind, nint native) => _ids.GetValueOrDefault((kind, native));

    /// <summary>The id of a driver's value that the session may have come by unasked, in which case it is given one: it ends with <paramref name="parent"/>.</summary>
    public nint FindOrMint(HandleKind kind, nint native, nint parent)
    {
        if (native == 0)
        {
            return 0;
        }

        if (Find(kind, native) is nint known and not 0)
        {
            return known;
        }

        nint id = HandleId.Make(kind, Interlocked.Increment(ref _lastOfServer));
        return TryAdd(id, new ServerHandle(native, 0, parent)) ? id : 0;
    }

    /// <summary>What of another session the handle stands for; null for what is the session's own.</summary>
    public SharedObject? ImportOf(nint id) => _handles.GetValueOrDefault(id).Import;

    /// <summary>The handle ends, and with it what has it as parent: the driver's values behind those mean nothing any more.</summary>
    public void Remove(nint id) => TryTake(id, out _);

    /// <summary>The same, for who then destroys what it stood for: of several callers only one succeeds.</summary>
    public bool TryTake(nint id, out ServerHandle handle)
    {
        if (!_handles.TryRemove(id, out handle))
        {
            return false;
        }

        Interlocked.Decrement(ref _count);
        _ids.TryRemove(new KeyValuePair<(HandleKind, nint), nint>((HandleId.Kind(id), handle.Native), id));
        Interlocked.Increment(ref _version);
        if (HandleId.Kind(id) is HandleKind.CUmodule or HandleKind.CUlibrary or HandleKind.CUkernel or HandleKind.CUmipmappedArray
            or HandleKind.CUarray or HandleKind.CUgreenCtx or HandleKind.CUgraph)
        {
            foreach ((nint child, ServerHandle entry) in _handles)
            {
                if (entry.Parent == id)
                {
                    Remove(child);
                }
            }
        }

        return true;
    }

    /// <summary>Drops what was made in a context that has ended.</summary>
    public void RemoveContext(nint context)
    {
        foreach ((nint id, ServerHandle handle) in _handles)
        {
            if (handle.Context == context)
            {
                Remove(id);
            }
        }
    }

    /// <summary>Destroys what a handle of this kind stands for.</summary>
    public static CUresult Destroy(CudaDriver driver, HandleKind kind, nint native) =>
        kind == IntegerHandles.Allocation ? driver.cuMemRelease((ulong)native) : Dispatcher.Destroy(driver, kind, native);

    /// <summary>Everything alive, youngest first: the order to destroy in.</summary>
    public IEnumerable<(nint Id, ServerHandle Handle)> YoungestFirst() =>
        _handles.Select(pair => (pair.Key, pair.Value)).OrderByDescending(pair => pair.Key >>> 8);
}

/// <summary>
/// The driver's value of a handle, the driver's context it belongs to, and the id of the handle whose end is its own (a function's module);
/// 0 for none.
/// </summary>
internal readonly record struct ServerHandle(nint Native, nint Context, nint Parent)
{
    /// <summary>Of a module or library whose driver cannot tell them: the parameter layouts of its kernels.</summary>
    public IReadOnlyDictionary<string, List<ParameterLayout>>? Layouts { get; init; }

    /// <summary>Of a memory pool of another session on the same driver: that.</summary>
    public SharedObject? Import { get; init; }
}
