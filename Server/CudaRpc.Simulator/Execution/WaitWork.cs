using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Does nothing but hold its stream until the points it starts after are reached.</summary>
internal sealed class WaitWork : StreamWork
{
    public override void Run(DriverContext context)
    {
    }
}
