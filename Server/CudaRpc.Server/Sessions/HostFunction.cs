using System.Runtime.InteropServices;

namespace CudaRpc.Server;

/// <summary>A client's function that a stream of the driver is to call. Owned by its session's <see cref="HostChannel"/>.</summary>
internal sealed unsafe class HostFunction
{
    private GCHandle _reference;

    public HostFunction(HostChannel channel, nint context, long callback, bool isLast)
    {
        (Channel, Context, Callback, IsLast) = (channel, context, callback, isLast);
        _reference = GCHandle.Alloc(this);
    }

    public HostChannel Channel { get; }

    /// <summary>The driver's context of the stream; 0 where it belongs to none.</summary>
    public nint Context { get; }

    /// <summary>The client's number of it.</summary>
    public long Callback { get; }

    /// <summary>Whether it is called once; otherwise it belongs to a graph.</summary>
    public bool IsLast { get; }

    /// <summary>What the graph it belongs to has to do with the client; null where it belongs to none.</summary>
    public GraphHost? Graph { get; set; }

    /// <summary>User data for the driver's callbacks.</summary>
    public void* UserData => (void*)GCHandle.ToIntPtr(_reference);

    public static HostFunction Of(void* userData) => (HostFunction)GCHandle.FromIntPtr((nint)userData).Target!;

    public void Free() => _reference.Free();
}
