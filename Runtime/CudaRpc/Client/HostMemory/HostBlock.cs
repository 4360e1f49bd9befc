using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Client;

/// <summary>
/// Page-locked, registered or managed memory of the program. It has a twin on the server once kernels may reach it, and then a copy of what
/// both sides last agreed on.
/// </summary>
internal sealed unsafe class HostBlock(ulong start, nuint bytes, uint flags, HostBlockKind kind, CUcontext context, ulong id)
{
    private const uint ReadOnly = 8; // CU_MEMHOSTREGISTER_READ_ONLY

    private volatile bool _isReachable;

    public ulong Start { get; } = start;

    public nuint Bytes { get; } = bytes;

    public uint Flags { get; } = flags;

    public HostBlockKind Kind { get; } = kind;

    /// <summary>The context that was current when it was made.</summary>
    public CUcontext Context { get; } = context;

    /// <summary>Its number in the session.</summary>
    public ulong Id { get; } = id;

    /// <summary>Whether the memory is pages of a window; else it comes from the C library.</summary>
    public bool IsInWindow { get; init; }

    /// <summary>Whether a call is about to be sent that names it. Taken back when it has its twin, or cannot have one.</summary>
    public bool IsWanted { get; set; }

    /// <summary>Whether it was said that it cannot have a twin.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Whether it has a twin.</summary>
    public bool IsReachable => _isReachable;

    /// <summary>The twin's address for the device; the memory's own but where the server could not have that.</summary>
    public ulong DeviceAddress { get; private set; } = start;

    /// <summary>The context that the twin ends with.</summary>
    public CUcontext TwinContext { get; private set; }

    /// <summary>Whether the server is in this process, so that the twin is the memory itself.</summary>
    public bool IsShared { get; private set; }

    /// <summary>What both sides last agreed on; null where the memory is shared.</summary>
    public byte* Copy { get; private set; }

    /// <summary>Whether the program promised that kernels only read it, so that it may be memory that cannot be written.</summary>
    public bool IsReadOnly => Kind == HostBlockKind.Registered && (Flags & ReadOnly) != 0;

    /// <summary>Whether the program has given the memory back to the system, though it is registered: it is touched no more.</summary>
    public bool IsGone { get; private set; }

    public bool Contains(ulong address) => address - Start < Bytes;

    /// <summary>Whether the address is one that kernels use for the twin.</summary>
    public bool IsTwin(ulong address) => IsReachable && address - DeviceAddress < Bytes;

    /// <summary>Looks whether the memory is still there; true if it has just turned out that it is not.</summary>
    public bool HasGone()
    {
        bool hasGone = Kind == HostBlockKind.Registered && !IsGone && !ProgramMemory.IsMapped(Start, Bytes);
        IsGone |= hasGone;
        return hasGone;
    }

    /// <exception cref="OutOfMemoryException">There is no memory for the copy.</exception>
    public void SetTwin(ulong deviceAddress, CUcontext context, bool isShared)
    {
        Copy = isShared ? null : (byte*)NativeMemory.AllocZeroed(Bytes);
        (DeviceAddress, TwinContext, IsShared) = (deviceAddress, context, isShared);
        _isReachable = true;
    }

    /// <summary>Nobody uses the copy any more.</summary>
    public void EndTwin()
    {
        _isReachable = false;
        NativeMemory.Free(Copy);
        Copy = null;
        DeviceAddress = Start;
    }
}
