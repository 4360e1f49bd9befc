using System.Runtime.InteropServices;

namespace CudaRpc.Server;

/// <summary>The server's side of memory of a client: what kernels reach at the address that the memory has in the client.</summary>
internal sealed unsafe class HostTwin(ulong start, nuint bytes, byte* memory, nint context, bool isShared)
{
    /// <summary>The memory's address in the client, which is its name.</summary>
    public ulong Start { get; } = start;

    public nuint Bytes { get; } = bytes;

    /// <summary>Where it is in this process: at Start, but where something else was there.</summary>
    public byte* Memory { get; } = memory;

    /// <summary>The driver's context that has page-locked it.</summary>
    public nint Context { get; } = context;

    /// <summary>Whether client and server are one process, and the memory is the client's itself.</summary>
    public bool IsShared { get; } = isShared;

    /// <summary>What both sides last agreed on; null where the memory is shared.</summary>
    public byte* Copy { get; private set; } = isShared ? null : (byte*)NativeMemory.AllocZeroed(bytes);

    public void FreeCopy()
    {
        NativeMemory.Free(Copy);
        Copy = null;
    }
}
