using System.Runtime.InteropServices;

namespace CudaRpc.Server;

/// <summary>
/// Server memory for one asynchronous copy between the device and a client's memory; page-locked where the driver lets it, so that the
/// driver need not wait. Reused, with the reference through which the driver's callbacks find it again. Owned by its session's
/// <see cref="HostChannel"/>.
/// </summary>
internal sealed unsafe class HostStaging
{
    private GCHandle _reference;

    public HostStaging(HostChannel channel, nint context, nuint capacity)
    {
        (Channel, Context, Capacity) = (channel, context, capacity);
        Bytes = (byte*)NativeMemory.AlignedAlloc(capacity, 4096);
        _reference = GCHandle.Alloc(this);
    }

    public HostChannel Channel { get; }

    /// <summary>The driver's context that has page-locked the memory.</summary>
    public nint Context { get; }

    public nuint Capacity { get; }

    public byte* Bytes { get; private set; }

    /// <summary>The client's region that is copied from or to.</summary>
    public long Region { get; set; }

    /// <summary>Bytes of the copy.</summary>
    public nuint Length { get; set; }

    /// <summary>Whether its bytes are on their way to the client, or a thread of the server is at them.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Whether it is to be freed when they have left.</summary>
    public bool IsDropped { get; set; }

    /// <summary>User data for the driver's callbacks.</summary>
    public void* UserData => (void*)GCHandle.ToIntPtr(_reference);

    public static HostStaging Of(void* userData) => (HostStaging)GCHandle.FromIntPtr((nint)userData).Target!;

    /// <summary>Frees it, if it is not freed yet. Under the channel's lock.</summary>
    public void Free()
    {
        if (Bytes != null)
        {
            NativeMemory.AlignedFree(Bytes);
            Bytes = null;
            _reference.Free();
        }
    }
}
