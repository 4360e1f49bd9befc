using System.Diagnostics.CodeAnalysis;
using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// What kernels of a context can reach: memory of its own driver that its owner lets the context access, on any device, and the memory of this
/// process that its driver maps.
/// </summary>
internal sealed class ContextView(DriverContext context, SimulatedGpu gpu) : MemoryView
{
    // A grid's own workspace has an owner that is no driver's.
    public override bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation) =>
        gpu.TryFind(address, out allocation)
            ? allocation.Owner is not IMemoryOwner owner || owner.AccessFrom(context) != MemoryAccess.None
            : context.Driver.TryFindHost(address, out allocation);

    public override void Pin()
    {
        foreach (AddressSpace space in gpu.Spaces)
        {
            space.Hold();
        }
    }

    public override void Unpin()
    {
        foreach (AddressSpace space in gpu.Spaces)
        {
            space.Unpin();
        }
    }
}
