using System.Diagnostics.CodeAnalysis;

namespace CudaRpc.Simulator.Memory;

/// <summary>Addresses of the simulated hardware, and the native memory of this process behind those that are allocated or mapped.</summary>
public abstract unsafe class AddressSpace
{
    /// <summary>Finds the live allocation that contains <paramref name="address"/>.</summary>
    public abstract bool TryFind(ulong address, [NotNullWhen(true)] out Allocation? allocation);

    /// <summary>
    /// Host pointer to [<paramref name="address"/>, <paramref name="address"/> + <paramref name="bytes"/>) if all of that range is
    /// allocated, and in one piece of native memory, else null. Use it under a <see cref="Pin"/> where it may be freed meanwhile.
    /// </summary>
    public virtual byte* Resolve(ulong address, ulong bytes)
    {
        if (!TryFind(address, out Allocation? allocation))
        {
            return null;
        }

        ulong offset = address - allocation.Base;
        return bytes <= allocation.Size - offset ? allocation.Host + offset : null;
    }

    /// <summary>Keeps the native bytes of memory freed meanwhile until the returned value is disposed. Cheap; nests.</summary>
    public MemoryPin Pin()
    {
        Hold();
        return new MemoryPin(this);
    }

    /// <summary>For <see cref="Pin"/> and those who keep count themselves.</summary>
    internal abstract void Hold();

    /// <summary>Ends what <see cref="Hold"/> began.</summary>
    internal abstract void Unpin();
}
