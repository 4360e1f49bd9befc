using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Frees memory in stream order. It is freed even if the context has failed meanwhile.</summary>
internal sealed class FreeWork(IMemoryOwner owner, DeviceAllocation allocation) : StreamWork
{
    public override void Run(DriverContext context)
    {
    }

    public override void Release() => owner.Free(allocation);
}
