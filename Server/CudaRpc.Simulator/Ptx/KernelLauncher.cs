namespace CudaRpc.Simulator.Ptx;

/// <summary>
/// Runs kernels on this machine's cores. Owns its threads; one launcher serves any number of devices and of simultaneous launches.
/// </summary>
public sealed class KernelLauncher : IDisposable
{
    /// <summary>CTAs that one worker keeps started while others of the same launch wait for something.</summary>
    public const int ResidentBlocksPerWorker = 64;

    /// <param name="workers">Threads that one launch may use, the caller's included; 0 for one per core.</param>
    public KernelLauncher(int workers = 0)
    {
        Workers = workers == 0 ? Environment.ProcessorCount : workers;
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
    public void Launch(LoadedModule module, PtxKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> parameters, CancellationToken ct)
    {
        throw new NotSupportedException("PTX execution has not landed yet");
    }

    /// <summary>Ends the threads. No launch may be running.</summary>
    public void Dispose()
    {
    }
}
