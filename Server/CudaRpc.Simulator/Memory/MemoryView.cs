using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Memory;

/// <summary>What a kernel can reach: the memory of its own device and whatever else its context may access. Safe from any thread.</summary>
internal abstract unsafe class MemoryView
{
    /// <summary>The live allocation that contains <paramref name="address"/>, if the kernel may access it.</summary>
    public abstract bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation);

    /// <summary>Keeps the native bytes of all that can be found until <see cref="Unpin"/>.</summary>
    public abstract void Pin();

    public abstract void Unpin();

    /// <summary>Host pointer to a range in one allocation, or null.</summary>
    public byte* Resolve(ulong address, ulong bytes)
    {
        if (!TryFind(address, out Allocation? allocation))
        {
            return null;
        }

        ulong offset = address - allocation.Base;
        return bytes <= allocation.Size - offset ? allocation.Host + offset : null;
    }
}
