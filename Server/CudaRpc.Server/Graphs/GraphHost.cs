using System.Runtime.InteropServices;

namespace CudaRpc.Server;

/// <summary>
/// What a graph, or an instance of one, has to do with its client: memory that its copies read and write, and functions it calls. When a launch gets
/// there, what is read is fetched; when it has run, what was written is sent; around a function both, as it may look at and change all of it. Shared
/// by a graph's functions and instances. Any thread.
/// </summary>
internal sealed unsafe class GraphHost
{
    private GCHandle _reference;

    public GraphHost(HostChannel channel)
    {
        Channel = channel;
        _reference = GCHandle.Alloc(this);
    }

    public HostChannel Channel { get; }

    public bool CallsFunctions { get; set; }

    public bool IsEmpty
    {
        get
        {
            lock (Copies)
            {
                return Copies.Count == 0 && !CallsFunctions;
            }
        }
    }

    /// <summary>User data for the driver's callbacks.</summary>
    public void* UserData => (void*)GCHandle.ToIntPtr(_reference);

    private List<HostCopy> Copies { get; } = [];

    public static GraphHost Of(void* userData) => (GraphHost)GCHandle.FromIntPtr((nint)userData).Target!;

    public void Add(HostCopy copy)
    {
        lock (Copies)
        {
            Copies.Add(copy);
        }
    }

    /// <summary>Takes over what another graph has: one that becomes part of this one, or that this is a clone or an instance of.</summary>
    public void Include(GraphHost other)
    {
        if (other == this)
        {
            return;
        }

        HostCopy[] copies = other.Snapshot();
        lock (Copies)
        {
            Copies.AddRange(copies);
            CallsFunctions |= other.CallsFunctions;
        }
    }

    /// <summary>A launch begins. What is written is fetched as well where a function may look at it before it is.</summary>
    public void Pull()
    {
        foreach (HostCopy copy in Snapshot())
        {
            if (!copy.IsWritten || CallsFunctions)
            {
                copy.Pull(Channel);
            }
        }
    }

    /// <summary>A launch has run, or comes to a function.</summary>
    public void Push()
    {
        foreach (HostCopy copy in Snapshot())
        {
            if (copy.IsWritten)
            {
                copy.Push(Channel);
            }
        }
    }

    /// <summary>The driver makes no call with it any more.</summary>
    public void Free() => _reference.Free();

    private HostCopy[] Snapshot()
    {
        lock (Copies)
        {
            return [.. Copies];
        }
    }
}
