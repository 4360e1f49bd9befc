namespace CudaRpc.Simulator.Memory;

/// <summary>Native memory behind one or more allocations of a <see cref="DeviceMemory"/>, whose lock guards the count.</summary>
internal sealed unsafe class MemoryBlock(byte* host, ulong bytes)
{
    public byte* Host { get; } = host;

    /// <summary>Bytes it takes of the device.</summary>
    public ulong Bytes { get; } = bytes;

    /// <summary>Allocations that show it.</summary>
    public int References { get; set; } = 1;
}
