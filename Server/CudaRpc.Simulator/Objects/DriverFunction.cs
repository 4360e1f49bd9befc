using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>A kernel of a module: what a launch starts.</summary>
internal sealed class DriverFunction : ContextObject
{
    private FunctionLaunchState? _launchState;

    public DriverFunction(DriverModule module, PtxKernel kernel, FunctionSettings? settings)
        : base(module.Context)
    {
        Module = module;
        Kernel = kernel;
        Traits = new KernelTraits(kernel);
        Settings = settings ?? new FunctionSettings(Traits, module.Code.TargetArchitecture);
        Name = new NativeName(kernel.Name);
    }

    public DriverModule Module { get; }

    public PtxKernel Kernel { get; }

    public KernelTraits Traits { get; }

    /// <summary>Shared with the library's kernel on this device, if the module came from a library.</summary>
    public FunctionSettings Settings { get; }

    public NativeName Name { get; }

    /// <summary>What a program of CUDA 3 said about the next launch.</summary>
    public FunctionLaunchState LaunchState => LazyInitializer.EnsureInitialized(ref _launchState);

    public nint Handle { get; set; }
}
