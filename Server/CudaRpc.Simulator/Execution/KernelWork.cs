using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Execution;

/// <summary>One launch of a kernel, with the parameters as they were when it was called.</summary>
internal sealed class KernelWork(KernelLauncher launcher, DriverFunction function, LaunchShape shape, byte[] parameters) : StreamWork
{
    public override void Run(DriverContext context) =>
        launcher.Launch(function.Module.Loaded, function.Kernel, shape, parameters, context.View, context.Cancelled);
}
