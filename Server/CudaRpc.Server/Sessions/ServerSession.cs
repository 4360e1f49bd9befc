using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging;

namespace CudaRpc.Server;

/// <summary>
/// One client program at the server: its driver, its handles and memory, its lanes. When it ends, for any reason, everything it owned is
/// released.
/// </summary>
internal sealed class ServerSession
{
    private const int MaximumFailures = 64;

    // Lanes whose client is gone mostly end at once; one inside a long driver call ends when the driver is closed.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly object _lock = new();
    private readonly Connection _control;
    private readonly List<ServerLane> _lanes = [];
    private readonly long _opened = Stopwatch.GetTimestamp();
    private readonly ServerLimits _limits;
    private readonly ConcurrentDictionary<ulong, DeviceBlock> _memory = new();
    private readonly ConcurrentDictionary<uint, DeferredFailure> _deferred = new();
    private int _deferredCount;
    private bool _ending;
    private bool _isAborted;
    private long _memoryBytes;
    private ServerCounts _ended;

    /// <param name="id">The session's number, for logs.</param>
    /// <param name="driver">The driver; one that is IDisposable is the session's own.</param>
    /// <param name="control">The connection whose end is the session's.</param>
    /// <param name="limits">What a client may take.</param>
    /// <param name="images">Module images, shared with other sessions.</param>
    /// <param name="windows">Addresses for host memory of sessions.</param>
    /// <param name="logger">Where the session says what happens.</param>
    public ServerSession(int id, CudaDriver driver, Connection control, ServerLimits limits, ImageCache images, HostWindows windows, ILogger logger)
    {
        Id = id;
        _control = control;
        Host = new HostChannel(control);
        Twins = new HostTwins(driver, Host, windows, limits.HostBytesPerSession);
        Host.Twins = Twins;
        Graphs = new GraphHosts(Host);
        Notifications = new Notifications(driver, Host);
        Releases = new ReleaseQueue(this);
        Driver = driver;
        Logger = logger;
        Images = images;
        _limits = limits;
        Handles = new ServerHandles(limits.HandlesPerSession);
        Textures = new TextureObjects(limits.HandlesPerSession);
        DefaultPools = new DefaultPools(driver, Handles);
        Mappings = new SessionMappings(driver, limits.HandlesPerSession);
        Token = RandomNumberGenerator.GetBytes(Handshake.TokenSize);
    }

    public int Id { get; }

    public byte[] Token { get; }

    public CudaDriver Driver { get; }

    public ILogger Logger { get; }

    public ServerHandles Handles { get; }

    public ImageCache Images { get; }

    public DefaultPools DefaultPools { get; }

    /// <summary>What the session has been told of its devices' resources.</summary>
    public DevResources DevResources { get; } = new();

    public SessionMappings Mappings { get; }

    public TextureObjects Textures { get; }

    /// <summary>What the sessions of the server share.</summary>
    public required SharedObjects Shares { get; init; }

    /// <summary>Memory of other sessions that this one has open, by its address here.</summary>
    public ConcurrentDictionary<ulong, SharedObject> Imports { get; } = new();

    public SequenceGate Gate { get; } = new();

    /// <summary>When the session's calls were made, for a client that records them; null for others.</summary>
    public SessionTrace? Trace
    {
        get;
        init
        {
            field = value;
            Host.Trace = value;
            value?.Attach(Host, Gate);
        }
    }

    /// <summary>The memory of the session's linkers, by their ids.</summary>
    public ConcurrentDictionary<nint, ServerLink> Links { get; } = new();

    /// <summary>What is being freed.</summary>
    public ReleaseQueue Releases { get; }

    /// <summary>What the session asks of its client.</summary>
    public HostChannel Host { get; }

    /// <summary>Memory of the client that kernels reach.</summary>
    public HostTwins Twins { get; }

    /// <summary>Functions of its client that the driver calls.</summary>
    public Notifications Notifications { get; }

    /// <summary>What its graphs have to do with its client.</summary>
    public GraphHosts Graphs { get; }

    /// <summary>The server's instruments; null where there are none.</summary>
    public ServerMeter? Meter { get; init; }

    /// <summary>The session's lanes, and the calls of all that it had.</summary>
    public ServerCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return _lanes.Aggregate(_ended + Host.Counts, static (sum, lane) => sum + lane.Counts);
            }
        }
    }

    /// <summary>Device memory the session holds, in bytes.</summary>
    public long MemoryBytes => Interlocked.Read(ref _memoryBytes);

    /// <summary>Adds a lane; false when the session ends or has as many as it may.</summary>
    public bool TryAdd(ServerLane lane)
    {
        lock (_lock)
        {
            if (_ending || _lanes.Count >= _limits.LanesPerSession)
            {
                return false;
            }

            _lanes.Add(lane);
            return true;
        }
    }

    public void Remove(ServerLane lane)
    {
        lock (_lock)
        {
            _lanes.Remove(lane);
            _ended += lane.Counts with { Lanes = 0 };
            Monitor.PulseAll(_lock);
        }
    }

    public void Own(ulong address, DeviceBlock block)
    {
        _memory[address] = block;
        Interlocked.Add(ref _memoryBytes, (long)block.Bytes);
    }

    public bool Owns(ulong address) => _memory.ContainsKey(address);

    /// <summary>The same for memory at an address that the session may know already: false if it does.</summary>
    public bool TryOwn(ulong address, DeviceBlock block)
    {
        bool added = _memory.TryAdd(address, block);
        Interlocked.Add(ref _memoryBytes, added ? (long)block.Bytes : 0);
        return added;
    }

    public bool Disown(ulong address, out DeviceBlock block)
    {
        if (!_memory.TryRemove(address, out block))
        {
            return false;
        }

        Interlocked.Add(ref _memoryBytes, -(long)block.Bytes);
        return true;
    }

    /// <summary>The memory that the session allocated at exactly this address.</summary>
    public bool TryFindBlock(ulong address, out DeviceBlock block) => _memory.TryGetValue(address, out block);

    /// <summary>
    /// Whether memory that the session has let go of stays: others have it open under the same address, and the last of them frees it.
    /// </summary>
    public bool IsKeptForOthers(ulong address, in DeviceBlock block) => block.Import is SharedObject import
        ? !import.Leave()
        : Shares.Withdraw(this, block.Context == 0 ? SharedKind.PoolMemory : SharedKind.Memory, address);

    /// <summary>The same for a handle.</summary>
    public bool IsKeptForOthers(nint id, in ServerHandle handle) => handle.Import is SharedObject import
        ? !import.Leave()
        : HandleId.Kind(id) == HandleKind.CUmemoryPool && Shares.Withdraw(this, SharedKind.Pool, (ulong)handle.Native);

    /// <summary>A context has ended, and with it all memory in it.</summary>
    public void ReleaseContext(nint id, nint native)
    {
        Handles.Remove(id);
        Handles.RemoveContext(native);
        Textures.RemoveContext(native);
        Host.ReleaseContext(native, survivor: null);
        Twins.ReleaseContext(native, survivor: null);
        TakeFailure(HandleId.Number(id), out _);
        foreach ((ulong address, DeviceBlock block) in _memory)
        {
            if (block.Context == native)
            {
                Disown(address, out _);
                Shares.Withdraw(this, SharedKind.Memory, address, dies: true);
            }
        }
    }

    /// <summary>Destroys what the session made in a context that goes on without it.</summary>
    public void ReclaimContext(nint context)
    {
        Host.ReleaseContext(context, Driver);
        Textures.DestroyContext(context, Driver);
        Twins.ReleaseContext(context, Driver);
        foreach ((nint id, ServerHandle handle) in Handles.YoungestFirst().Where(entry => entry.Handle.Context == context))
        {
            if (handle.Parent == 0 && !IsKeptForOthers(id, handle))
            {
                // What is part of another (a level of a mipmapped array) ends with that.
                ServerHandles.Destroy(Driver, HandleId.Kind(id), handle.Native);
            }

            Handles.Remove(id);
        }

        foreach ((ulong address, DeviceBlock block) in _memory)
        {
            if (block.Context == context && Disown(address, out _) && !IsKeptForOthers(address, block))
            {
                _ = block.StreamOrdered ? Driver.cuMemFreeAsync(new CUdeviceptr(address), default) : Driver.cuMemFree_v2(new CUdeviceptr(address));
            }
        }
    }

    /// <summary>
    /// A posted call failed. The first failure of each context is kept and logged: later ones mostly follow from it, and may come by the
    /// million.
    /// </summary>
    public void Remember(DeferredFailure failure)
    {
        // A client can make up any number of contexts; beyond a few their failures share one place.
        uint context = Volatile.Read(ref _deferredCount) < MaximumFailures ? failure.Context : 0;
        if (_deferred.TryAdd(context, failure))
        {
            Interlocked.Increment(ref _deferredCount);
            ServerLog.PostedCallFailed(Logger, Id, CallId.Name(failure.CallId) ?? "an unknown call", failure.Result);
        }
    }

    /// <summary>Whether a posted call's failure waits to be reported, in whichever context.</summary>
    public bool HasDeferred => Volatile.Read(ref _deferredCount) > 0;

    /// <summary>Takes the failure that a synchronous call in <paramref name="context"/> has to report: one from there, or from no context.</summary>
    public bool TakeDeferred(uint context, out DeferredFailure failure)
    {
        failure = default;
        return HasDeferred && (TakeFailure(context, out failure) || TakeFailure(0, out failure));
    }

    private bool TakeFailure(uint context, out DeferredFailure failure)
    {
        bool taken = _deferred.TryRemove(context, out failure);
        if (taken)
        {
            Interlocked.Decrement(ref _deferredCount);
        }

        return taken;
    }

    /// <summary>
    /// Ends the session and releases everything it owned. Blocks until that is done. Once. What a client that has left in good order has
    /// posted before is carried out, if that takes no longer than <see cref="ServerLimits.Goodbyes"/>.
    /// </summary>
    public void End(string reason)
    {
        lock (_lock)
        {
            _ending = true;
        }

        // A callback of the driver that waits for the client would keep the driver from ending.
        _control.Abort();
        Host.Close();
        bool isPatient = WaitForGoodbyes();
        lock (_lock)
        {
            foreach (ServerLane lane in _lanes)
            {
                lane.Abort();
            }
        }

        Gate.Close();
        Releases.Close();
        Twins.Close();
        int handles = Handles.Count;
        ulong bytes = (ulong)MemoryBytes;
        WaitForLanes(isPatient ? s_patience : TimeSpan.Zero);
        if (Driver is IDisposable own)
        {
            Shares.WithdrawAll(this);
            own.Dispose();
            WaitForLanes(Timeout.InfiniteTimeSpan);
            Releases.Join();
        }
        else
        {
            WaitForLanes(Timeout.InfiniteTimeSpan);
            Releases.Join();
            Reclaim();
            Shares.WithdrawAll(this);
        }

        Notifications.Clear();
        Host.Free();
        Twins.Free();
        Graphs.Dispose();
        foreach (ServerLink link in Links.Values)
        {
            link.Dispose();
        }

        ServerLog.SessionClosed(Logger, Id, Stopwatch.GetElapsedTime(_opened).TotalSeconds, reason, _ended.Calls, _ended.RoundTrips, handles, bytes);
    }

    /// <summary>Ends the session's own connection; the thread that serves it then ends the session, without waiting for what is under way.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            _isAborted = true;
            Monitor.PulseAll(_lock);
        }

        _control.Abort();
    }

    // A driver that other sessions use as well (the real one): what this session made there is destroyed piece by piece.
    private void Reclaim()
    {
        Trace?.Device?.Release();
        Mappings.Reclaim();
        FreePoolMemory();
        foreach ((nint id, ServerHandle handle) in Handles.YoungestFirst().Where(static entry => HandleId.Kind(entry.Id) == HandleKind.CUcontext && entry.Handle.Parent == 0))
        {
            Driver.cuCtxSetCurrent(new CUcontext(handle.Native));
            if (HandleId.PrimaryDevice(id) is int device)
            {
                ReclaimContext(handle.Native);
                Driver.cuDevicePrimaryCtxRelease_v2(device);
            }
            else
            {
                Driver.cuCtxDestroy_v2(new CUcontext(handle.Native));
                Host.ReleaseContext(handle.Native, survivor: null);
                Twins.ReleaseContext(handle.Native, survivor: null);
            }

            Handles.RemoveContext(handle.Native);
            Handles.Remove(id);
        }

        // What belongs to no context: libraries.
        ReclaimContext(0);
    }

    // Memory of pools belongs to no context, but freeing it takes one.
    private unsafe void FreePoolMemory()
    {
        ulong[] addresses = [.. _memory.Where(static pair => pair.Value.Context == 0).Select(static pair => pair.Key)];
        CUcontext context = default;
        if ((addresses.Length == 0 && Imports.IsEmpty) || Driver.cuDevicePrimaryCtxRetain(&context, 0) != CUresult.CUDA_SUCCESS)
        {
            return;
        }

        Driver.cuCtxSetCurrent(context);
        foreach ((ulong address, SharedObject shared) in Imports)
        {
            if (Imports.TryRemove(address, out _))
            {
                SharedObjects.Close(shared, Driver);
            }
        }

        foreach (ulong address in addresses)
        {
            if (Disown(address, out DeviceBlock block) && !IsKeptForOthers(address, block))
            {
                Driver.cuMemFree_v2(new CUdeviceptr(address));
            }
        }

        Driver.cuDevicePrimaryCtxRelease_v2(0);
    }

    // A lane ends by saying goodbye behind all that its thread has posted; one that ends otherwise aborts the session. False where that
    // took too long.
    private bool WaitForGoodbyes()
    {
        long deadline = Environment.TickCount64 + (long)_limits.Goodbyes.TotalMilliseconds;
        lock (_lock)
        {
            while (_lanes.Count > 0 && !_isAborted)
            {
                if (deadline - Environment.TickCount64 is not (> 0 and long left))
                {
                    return false;
                }

                Monitor.Wait(_lock, (int)left);
            }
        }

        return true;
    }

    private void WaitForLanes(TimeSpan patience)
    {
        lock (_lock)
        {
            while (_lanes.Count > 0 && Monitor.Wait(_lock, patience))
            {
            }
        }
    }
}

/// <summary>
/// Device memory that a session allocated: size in bytes, the driver's context, which of the two frees it takes, and whether a graph allocates
/// it, which then goes on to have it after it was freed.
/// </summary>
internal readonly record struct DeviceBlock(ulong Bytes, nint Context, bool StreamOrdered, bool IsOfGraph = false)
{
    /// <summary>Of memory of another session's pool on the same driver: that.</summary>
    public SharedObject? Import { get; init; }
}
