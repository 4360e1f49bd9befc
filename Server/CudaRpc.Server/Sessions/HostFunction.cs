using System.Collections.Concurrent;

namespace CudaRpc.Server;

/// <summary>A client's function that a stream of the driver is to call. Owned by its session's <see cref="HostChannel"/>.</summary>
internal sealed unsafe class HostFunction
{
    // A driver's callback has nothing but its user data. A number that is never used again and not a reference: the functions of user objects
    // run on threads of the driver when it likes, also after the session's end, and must then find nothing rather than another's function.
    private static readonly ConcurrentDictionary<nint, HostFunction> s_live = [];
    private static long s_last;

    private readonly nint _id;

    public HostFunction(HostChannel channel, nint context, long callback, bool isLast)
    {
        (Channel, Context, Callback, IsLast) = (channel, context, callback, isLast);
        _id = (nint)Interlocked.Increment(ref s_last);
        s_live[_id] = this;
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
    public void* UserData => (void*)_id;

    /// <summary>The function that the driver has this user data of; null once it is freed.</summary>
    public static HostFunction? Of(void* userData) => s_live.GetValueOrDefault((nint)userData);

    public void Free() => s_live.TryRemove(_id, out _);
}
