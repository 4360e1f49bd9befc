using System.Buffers.Binary;
using CudaRpc.Simulator.Memory;

namespace CudaRpc.Simulator.Ptx;

/// <summary>
/// The few bytes of device memory that cooperative launches come with: cooperative groups keep the state of grid.sync() there and find them
/// by %envreg1 and %envreg2.
/// </summary>
internal readonly unsafe struct GridWorkspace : IDisposable
{
    private const ulong Bytes = 512;

    private readonly DeviceMemory _memory;

    public GridWorkspace(DeviceMemory memory, bool isWanted)
    {
        _memory = memory;
        Address = isWanted ? memory.Allocate(Bytes, this) : 0;
        if (Address != 0)
        {
            // SAFETY: just allocated. The first word is the size.
            BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(memory.Resolve(Address, Bytes), 4), (uint)Bytes);
        }
    }

    /// <summary>Its address, or 0.</summary>
    public ulong Address { get; }

    public void Dispose()
    {
        if (Address != 0)
        {
            _memory.Free(Address);
        }
    }
}
