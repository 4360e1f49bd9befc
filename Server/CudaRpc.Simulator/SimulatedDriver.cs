using System.Diagnostics.CodeAnalysis;
using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

/// <summary>
/// The driver of a <see cref="SimulatedGpu"/> as one process sees it: its handles, contexts and memory are its own. Functions that are not
/// overridden here keep <see cref="CudaDriver"/>'s <c>CUDA_ERROR_NOT_SUPPORTED</c>. Bad arguments get the result that the real driver
/// gives. Safe from any thread; the current context is per thread, as in CUDA.
/// </summary>
/// <remarks>
/// Pointers are trusted: like the real driver it reads and writes where the caller says. Handles and device addresses are not: any value is
/// allowed.
/// </remarks>
public unsafe partial class SimulatedDriver : GraphDriver, IDisposable
{
    private const int Created = 0, Initialized = 1, Deinitialized = 2;

    private readonly SimulatedGpu _gpu;
    private readonly Action<string> _log;
    private readonly HandleTable _handles;
    private readonly StreamWorkers _workers = new();
    private readonly ThreadLocal<Stack<nint>> _stack = new(static () => new Stack<nint>());

    // Guards the set of contexts and the primary contexts' counts.
    private readonly object _lock = new();
    private readonly HashSet<DriverContext> _contexts = [];
    private readonly PrimaryContext[] _primaries;
    private volatile int _state = Created;

    /// <summary>Makes a driver with no contexts.</summary>
    /// <param name="gpu">The hardware; it must outlive the driver.</param>
    /// <param name="log">Receives one line for each fault and each image that cannot be loaded; called from any thread.</param>
    public SimulatedDriver(SimulatedGpu gpu, Action<string>? log = null)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        _gpu = gpu;
        _log = line =>
        {
            _errors.Write(line, CUDA_SUCCESS);
            log?.Invoke(line);
        };
        _handles = new HandleTable(gpu);
        _primaries = [.. gpu.Devices.Select(static device => new PrimaryContext(device))];
        foreach (PrimaryContext primary in _primaries)
        {
            primary.Handle = _handles.Add(primary);
        }
        _defaultPools = [.. gpu.Devices.Select(device => new MemoryPool(this, device, gpu.Devices.Count))];
        _currentPools = [.. _defaultPools];
        _pools = [.. _defaultPools];
        foreach (MemoryPool pool in _pools)
        {
            pool.Handle = _handles.Add(pool);
        }
    }

    /// <summary>Live handles, those of the primary contexts and memory pools included: what a session has not given back.</summary>
    public int HandleCount => _handles.Count;

    /// <summary>
    /// Ends running kernels, skips what is queued, waits for host functions that are running, and releases everything the driver made.
    /// Every call from then on gets <c>CUDA_ERROR_DEINITIALIZED</c>.
    /// </summary>
    public void Dispose()
    {
        DriverContext[] contexts;
        lock (_lock)
        {
            if (_state == Deinitialized)
            {
                return;
            }
            _state = Deinitialized;
            contexts = [.. _contexts];
        }
        foreach (DriverContext context in contexts)
        {
            context.Cancel();
        }
        foreach (DriverContext context in contexts)
        {
            Release(context);
        }
        foreach (SimulatedDevice device in _gpu.Devices)
        {
            device.Timing?.GiveBack(this);
        }
        foreach (MemoryPool pool in _pools)
        {
            _gpu.SharedPools.TryRemove(pool.Handle, out _);
            pool.Close();
        }
        ReleaseVirtualMemory();
        FreeGraphMemory();
        FreeHostMemory(_hostRanges.TakeAll(null));
        _handles.RemoveWhere(static _ => true);
        _workers.Dispose();
    }

    internal ulong NextId() => _gpu.NextId();

    /// <summary>Takes memory that the program can free out of its owner's books, which the caller then has it freed from.</summary>
    internal bool TryDisown(ulong address, [NotNullWhen(true)] out IMemoryOwner? owner, out DeviceAllocation allocation)
    {
        bool found = TryFindDevice(address, out IMemoryOwner known, out _);
        owner = found ? known : null;
        allocation = default;
        return found && known.Disown(address, out allocation);
    }

    /// <summary>Waits for a context's work and releases all of it. It stays in the set until then, so that Dispose can cancel it.</summary>
    private void Release(DriverContext context)
    {
        context.Dispose();
        CloseImports(import => import.Context == context);
        lock (_lock)
        {
            _contexts.Remove(context);
            foreach (DriverContext other in _contexts)
            {
                other.RemovePeer(context);
            }
        }
        HostRange[] host = _hostRanges.TakeAll(context);
        if (host.Length > 0)
        {
            SynchronizeAll(); // Other contexts' work reaches it too.
            FreeHostMemory(host);
        }
        _handles.RemoveWhere(target => target is ContextObject owned && owned.Context == context);
    }

    /// <summary>Whether calls are allowed at all.</summary>
    private CUresult Ready => _state switch
    {
        Initialized => HostFunctionScope.IsInside ? CUDA_ERROR_NOT_PERMITTED : CUDA_SUCCESS,
        Deinitialized => CUDA_ERROR_DEINITIALIZED,
        _ => CUDA_ERROR_NOT_INITIALIZED,
    };

    /// <summary>The calling thread's current context, if calls may use it.</summary>
    private CUresult Enter(out DriverContext context)
    {
        CUresult found = Current(out context);
        return found == CUDA_SUCCESS ? context.Fault : found;
    }

    /// <summary>The calling thread's current context, though it may have failed.</summary>
    private CUresult Current(out DriverContext context)
    {
        context = null!;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _stack.Value!.TryPeek(out nint handle) ? FindContext(handle, out context) : CUDA_ERROR_INVALID_CONTEXT;
    }

    /// <summary>
    /// The context behind a handle. A handle on a thread's stack that is not in the table is one of a destroyed context: only valid ones
    /// get there.
    /// </summary>
    private CUresult FindContext(nint handle, out DriverContext context)
    {
        if (_handles.TryGet(handle, out PrimaryContext? primary))
        {
            context = primary.Active!;
        }
        else if (_handles.TryGet(handle, out GreenContextView? green))
        {
            context = green.Context;
        }
        else
        {
            _handles.TryGet(handle, out context!);
        }
        return context is null ? CUDA_ERROR_CONTEXT_IS_DESTROYED : CUDA_SUCCESS;
    }

    /// <summary>The context of an explicit argument, null meaning the current one.</summary>
    private CUresult FindContextOrCurrent(CUcontext ctx, out DriverContext context)
    {
        context = null!;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (ctx.Value == 0)
        {
            return Current(out context);
        }
        return IsContext(ctx.Value) ? FindContext(ctx.Value, out context) : CUDA_ERROR_INVALID_CONTEXT;
    }

    private bool IsContext(nint handle) =>
        _handles.TryGet(handle, out PrimaryContext? _) || _handles.TryGet(handle, out DriverContext? _)
        || _handles.TryGet(handle, out GreenContextView? _);

    private CUresult EnterDevice(int dev, out SimulatedDevice device)
    {
        device = null!;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (dev < 0 || dev >= _gpu.Devices.Count)
        {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        device = _gpu.Devices[dev];
        return CUDA_SUCCESS;
    }

    /// <summary>A live object of this driver that belongs to a context; its context may have failed.</summary>
    private CUresult Find<T>(nint handle, out T target)
        where T : class
    {
        target = null!;
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        return _handles.TryGet(handle, out target!) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    }

    /// <summary>All contexts on a device.</summary>
    private DriverContext[] ContextsOn(SimulatedDevice device)
    {
        lock (_lock)
        {
            return [.. _contexts.Where(context => context.Device == device)];
        }
    }
}
