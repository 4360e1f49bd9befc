using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Memory;

/// <summary>All of one device's memory and nothing else.</summary>
internal sealed class OneMemoryView(AddressSpace memory) : MemoryView
{
    public override bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation) => memory.TryFind(address, out allocation);

    public override void Pin() => memory.Hold();

    public override void Unpin() => memory.Unpin();
}
