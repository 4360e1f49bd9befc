using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Execution;

/// <summary>One launch of a kernel, with the parameters as they were when it was called.</summary>
internal sealed class KernelWork(KernelLauncher launcher, DriverFunction function, LaunchShape shape, byte[] parameters) : StreamWork
{
    public DriverFunction Function => function;

    public LaunchShape Shape => shape;

    public byte[] Parameters => parameters;

    public override void Run(DriverContext context) =>
        launcher.Launch(function.Module.Loaded, function.Kernel, shape, parameters, context.View, context.Cancelled);

    public override NodeContent ToContent(DriverStream stream) => new KernelContent(this, function.Handle);
}
