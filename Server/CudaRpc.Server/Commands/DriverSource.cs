using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.Server.Commands;

/// <summary>Where a server gets its sessions' drivers: one real driver for all, or one simulated GPU that they share.</summary>
internal sealed class DriverSource : IDisposable
{
    private readonly SimulatedGpu? _gpu;

    private DriverSource(string name, Func<CudaDriver> open, SimulatedGpu? gpu) => (Name, Open, _gpu) = (name, open, gpu);

    /// <summary>What the log calls it.</summary>
    public string Name { get; }

    /// <summary>A session's driver.</summary>
    public Func<CudaDriver> Open { get; }

    /// <summary>This machine's own driver.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    /// <exception cref="InvalidOperationException">It is ours.</exception>
    public static DriverSource Native(string library)
    {
        var driver = new NativeDriver(library);
        OwnDriver.RefuseShim(library);
        return new DriverSource($"native ({library})", () => driver, null);
    }

    /// <summary>A simulated GPU; what its kernels do wrong goes to <paramref name="log"/>.</summary>
    public static DriverSource Simulated(SimulatedGpuOptions options, Action<string> log)
    {
        var gpu = new SimulatedGpu(options);
        return new DriverSource("simulated", () => new SimulatedDriver(gpu, log), gpu);
    }

    /// <summary>A GPU that does no work, for measuring what is before it; with device times it takes its time for that.</summary>
    public static DriverSource Null(SimulatedGpuOptions options)
    {
        var gpu = new SimulatedGpu(options with { Executes = options.DeviceTime is null });
        return new DriverSource("null", () => options.DeviceTime is null ? new NullDriver(gpu) : new SimulatedDriver(gpu), gpu);
    }

    public void Dispose() => _gpu?.Dispose();
}
