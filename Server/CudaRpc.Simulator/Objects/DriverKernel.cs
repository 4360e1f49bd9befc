using System.Collections.Concurrent;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>A kernel of a library, in no context yet.</summary>
internal sealed class DriverKernel(DriverLibrary library, PtxKernel kernel)
{
    private readonly ConcurrentDictionary<SimulatedDevice, FunctionSettings> _settings = new();

    public DriverLibrary Library { get; } = library;

    public PtxKernel Kernel { get; } = kernel;

    public KernelTraits Traits { get; } = new(kernel);

    public NativeName Name { get; } = new(kernel.Name);

    public nint Handle { get; set; }

    /// <summary>The kernel's attributes on a device; its functions in every context there share them.</summary>
    public FunctionSettings SettingsOn(SimulatedDevice device) =>
        _settings.GetOrAdd(device, _ => new FunctionSettings(Traits, Library.Code.TargetArchitecture));
}
