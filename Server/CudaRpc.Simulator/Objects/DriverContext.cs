using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// A context: the owner of streams, memory and modules on one device. All access to device memory happens as work in its streams, so once
/// they have drained nothing touches what the context owns. Safe from any thread; no lock is held while work runs or anything is called.
/// </summary>
internal sealed partial class DriverContext : IMemoryOwner, IDisposable
{
    private readonly object _lock = new();
    private readonly Action<string> _log;
    private readonly CancellationTokenSource _cancellation = new(); // Never disposed of: Cancel may come late, and it holds nothing.
    private CoreDumpSettings? _coreDumps;
    private int _attachments = 1;
    private int _fault;
    private bool _closed;
    private bool _released;

    public DriverContext(
        SimulatedDriver driver, SimulatedGpu gpu, SimulatedDevice device, StreamWorkers workers, uint flags, ulong id, Action<string> log)
    {
        View = new ContextView(this, gpu);
        Driver = driver;
        Device = device;
        Flags = flags;
        Id = id;
        _workers = workers;
        _log = log;
        LegacyStream = new DriverStream(this, workers, driver.NextId(), flags: 0, DeviceAttributes.LeastPriority);
        _streams.Add(LegacyStream);
    }

    public SimulatedDriver Driver { get; }

    public SimulatedDevice Device { get; }

    /// <summary>What kernels of the context can reach.</summary>
    public MemoryView View { get; }

    DriverContext IMemoryOwner.Context => this;

    public ulong Id { get; }

    /// <summary>The handle programs know the context by.</summary>
    public nint Handle { get; set; }

    public uint Flags { get; set; }

    /// <summary>How often it is attached to, its creation included: the last cuCtxDetach destroys it. Not for primary contexts.</summary>
    public ref int Attachments => ref _attachments;

    public CUfunc_cache CacheConfig { get; set; }

    /// <summary>The context's settings of core dumps; what it does not set is as in <paramref name="defaults"/>.</summary>
    public CoreDumpSettings CoreDumps(CoreDumpSettings defaults) =>
        LazyInitializer.EnsureInitialized(ref _coreDumps, () => new CoreDumpSettings(defaults));

    public ContextLimits Limits { get; } = new();

    /// <summary>The error that made the context unusable, or success. It never changes back.</summary>
    public CUresult Fault => (CUresult)Volatile.Read(ref _fault); // Pairs with the exchange in Fail.

    /// <summary>Ends running kernels when the context is disposed of.</summary>
    public CancellationToken Cancelled => _cancellation.Token;

    public bool MayRun(StreamWork work) =>
        !_cancellation.IsCancellationRequested && (Fault == CUDA_SUCCESS || work.RunsAfterFault);

    /// <summary>Makes the context unusable because work in it failed. The first failure counts and is logged.</summary>
    public void Fail(Exception exception)
    {
        switch (exception)
        {
            case OperationCanceledException when _cancellation.IsCancellationRequested:
                break;
            case DeviceFaultException fault:
                Fail(ResultOf(fault.Kind), fault.Message);
                break;
            case OutOfMemoryException:
                Fail(CUDA_ERROR_OUT_OF_MEMORY, exception.Message);
                break;
            default:
                Fail(CUDA_ERROR_UNKNOWN, $"a defect of the simulator: {exception}");
                break;
        }
    }

    public void Fail(CUresult result, string reason)
    {
        if (Interlocked.CompareExchange(ref _fault, (int)result, (int)CUDA_SUCCESS) == (int)CUDA_SUCCESS)
        {
            _log($"context {Id} on device {Device.Ordinal} failed with {CudaErrors.Name(result)}: {reason}");
        }
    }

    /// <summary>Makes work that has not run be skipped and running kernels end soon.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Takes no more work, waits for what there is, and releases what the context owns. Later calls wait for the first.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed)
            {
                while (!_released)
                {
                    Monitor.Wait(_lock);
                }
                return;
            }
            _closed = true;
        }
        CloseStreams();
        Synchronize();
        foreach (DriverModule module in TakeModules())
        {
            module.Dispose();
        }
        FreeAll();
        lock (_lock)
        {
            _released = true;
            Monitor.PulseAll(_lock);
        }
    }

    private static CUresult ResultOf(DeviceFaultKind kind) => kind switch
    {
        DeviceFaultKind.IllegalAddress => CUDA_ERROR_ILLEGAL_ADDRESS,
        DeviceFaultKind.MisalignedAddress => CUDA_ERROR_MISALIGNED_ADDRESS,
        DeviceFaultKind.Trap => CUDA_ERROR_LAUNCH_FAILED,
        DeviceFaultKind.Assert => CUDA_ERROR_ASSERT,
        DeviceFaultKind.IllegalInstruction => CUDA_ERROR_ILLEGAL_INSTRUCTION,
        DeviceFaultKind.InvalidProgramCounter => CUDA_ERROR_INVALID_PC,
        DeviceFaultKind.Deadlock => CUDA_ERROR_LAUNCH_TIMEOUT,
        _ => CUDA_ERROR_UNKNOWN,
    };
}
