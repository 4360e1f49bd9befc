namespace CudaRpc.Simulator.Memory;

/// <summary>A reserved range of addresses, and as much of this process's own address space for what will be mapped there.</summary>
internal sealed unsafe class VirtualRange(ulong start, ulong size, byte* host, object owner)
{
    public ulong Base { get; } = start;

    public ulong Size { get; } = size;

    public byte* Host { get; } = host;

    /// <summary>Whose it is; compared by reference only.</summary>
    public object Owner { get; } = owner;

    /// <summary>What is mapped in it; guarded by the lock of the <see cref="VirtualMemory"/>.</summary>
    public int Mappings { get; set; }

    public bool Contains(ulong address, ulong bytes) => address - Base < Size && bytes <= Size - (address - Base);
}
