using CudaRpc.Simulator.Memory;
using CudaRpc.Simulator.Ptx.Execution;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Ptx;

/// <summary>
/// Runs kernels on this machine's cores. Owns its threads; one launcher serves any number of devices and of simultaneous launches.
/// </summary>
public sealed class KernelLauncher : IDisposable
{
    /// <summary>CTAs that one worker keeps started while others of the same launch wait for something.</summary>
    public const int ResidentBlocksPerWorker = 64;

    /// <summary>Most CTAs of a cluster, where the program allows more than the eight that every device can do.</summary>
    public const int MaximumClusterSize = 16;

    // Below this many threads the work is done before a helper has woken up.
    private const ulong ThreadsWorthHelp = 2048;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly List<Offer> _offers = [];
    private readonly Stack<Worker> _idleWorkers = new();
    private readonly Thread[] _helpers;
    private bool _disposed;

    /// <param name="workers">Threads that one launch may use, the caller's included; 0 for one per core.</param>
    public KernelLauncher(int workers = 0)
    {
        Workers = workers == 0 ? Environment.ProcessorCount : workers;
        _helpers = new Thread[Workers - 1];
        for (int i = 0; i < _helpers.Length; i++)
        {
            _helpers[i] = new Thread(Help) { IsBackground = true, Name = $"simulated GPU {i + 1}" };
            _helpers[i].Start();
        }
    }

    /// <summary>Threads that one launch may use.</summary>
    public int Workers { get; }

    /// <summary>
    /// Runs one grid and returns when all its threads have exited. Blocks; the calling thread takes part in the work.
    /// The caller has checked <paramref name="shape"/> against the device's limits.
    /// </summary>
    /// <param name="module">Where the kernel's variables are.</param>
    /// <param name="kernel">A kernel of that module.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="parameters">The parameter buffer, <see cref="PtxKernel.ParameterBytes"/> long.</param>
    /// <param name="ct">Stops the kernel within milliseconds.</param>
    /// <exception cref="DeviceFaultException">A thread faulted; the rest of the grid was stopped.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    /// <exception cref="OutOfMemoryException">This machine lacks the memory for the registers and local memory of a CTA.</exception>
    public void Launch(LoadedModule module, PtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> parameters, CancellationToken ct) =>
        Launch(module, kernel, shape, parameters, new OneMemoryView(module.Memory), ct);

    /// <summary>Runs a grid that can reach what <paramref name="view"/> shows, and counts what it does if <paramref name="counts"/> is there.</summary>
    internal void Launch(
        LoadedModule module, PtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> parameters, MemoryView view, CancellationToken ct,
        WorkCounts? counts = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (parameters.Length != kernel.ParameterBytes)
        {
            throw new ArgumentException(
                $"kernel {kernel.Name} has {kernel.ParameterBytes} bytes of parameters, {parameters.Length} were given",
                nameof(parameters));
        }

        Dim3 cluster = shape.ClusterExtent;
        bool clustersFit = shape.ClusterSize is > 0 and <= MaximumClusterSize
            && shape.GridX % cluster.X == 0 && shape.GridY % cluster.Y == 0 && shape.GridZ % cluster.Z == 0;
        if (shape.Blocks == 0 || shape.ThreadsPerBlock is 0 or > 1024 || !clustersFit)
        {
            throw new ArgumentException($"kernel {kernel.Name} cannot run as {shape}", nameof(shape));
        }

        view.Pin();
        try
        {
            using var workspace = new GridWorkspace(module.Memory, shape.Cooperative);
            var launch = new Launch(module, kernel, shape, parameters, view, ct) { GridWorkspace = workspace.Address, Counts = counts };
            Offer? offer = MakeOffer(launch);
            RunAsWorker(launch);
            offer?.Withdraw();
            launch.ThrowIfFailed();
        }
        finally
        {
            view.Unpin();
        }
    }

    /// <summary>Ends the threads. No launch may be running.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        if (_helpers.Length != 0)
        {
            _work.Release(_helpers.Length);
        }

        foreach (Thread helper in _helpers)
        {
            helper.Join();
        }

        while (_idleWorkers.TryPop(out Worker? worker))
        {
            worker.Dispose();
        }

        _work.Dispose();
    }

    private Offer? MakeOffer(Launch launch)
    {
        ulong useful = Math.Min(launch.Shape.Blocks - 1, (ulong)_helpers.Length);
        if (useful == 0 || launch.Shape.Blocks * launch.Shape.ThreadsPerBlock < ThreadsWorthHelp)
        {
            return null;
        }

        var offer = new Offer(this, launch);
        lock (_lock)
        {
            _offers.Add(offer);
        }

        _work.Release((int)useful);
        return offer;
    }

    private void RunAsWorker(Launch launch)
    {
        Worker? worker;
        lock (_lock)
        {
            _idleWorkers.TryPop(out worker);
        }

        worker ??= new Worker();
        worker.Work(launch);
        lock (_lock)
        {
            _idleWorkers.Push(worker);
        }
    }

    private void Help()
    {
        while (true)
        {
            _work.Wait();
            Offer? offer;
            lock (_lock)
            {
                if (_disposed)
                {
                    return;
                }

                offer = _offers.MinBy(candidate => candidate.Helpers);
                if (offer is not null)
                {
                    offer.Helpers++;
                }
            }

            if (offer is not null)
            {
                RunAsWorker(offer.Launch);
                offer.Leave();
            }
        }
    }

    /// <summary>A launch that wants help. Its fields are guarded by the launcher's lock.</summary>
    private sealed class Offer(KernelLauncher launcher, Launch launch)
    {
        private readonly ManualResetEventSlim _idle = new(initialState: true);

        public Launch Launch { get; } = launch;

        public int Helpers { get; set; }

        public void Leave()
        {
            lock (launcher._lock)
            {
                Helpers--;
                if (Helpers == 0)
                {
                    _idle.Set();
                }
            }
        }

        // Nothing is left to begin: no helper may come any more, those at work finish.
        public void Withdraw()
        {
            lock (launcher._lock)
            {
                launcher._offers.Remove(this);
                if (Helpers == 0)
                {
                    return;
                }

                _idle.Reset();
            }

            _idle.Wait();
            _idle.Dispose();
        }
    }
}
