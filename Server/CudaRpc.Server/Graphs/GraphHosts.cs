using System.Collections.Concurrent;

namespace CudaRpc.Server;

/// <summary>What the graphs and instances of a session have to do with the client, by the driver's value of each. Most have nothing, and no entry.</summary>
internal sealed class GraphHosts(HostChannel channel) : IDisposable
{
    private readonly ConcurrentDictionary<nint, GraphHost> _graphs = new();
    private readonly ConcurrentDictionary<nint, GraphHost> _instances = new();

    // Never freed before the session: a launch under way may be behind one whose graph is gone.
    private readonly ConcurrentBag<GraphHost> _all = [];

    /// <summary>Client memory in nodes.</summary>
    public HostMirror Mirror { get; } = new();

    /// <summary>What a graph has; made if it has nothing yet.</summary>
    public GraphHost OfGraph(nint graph) => _graphs.GetOrAdd(graph, _ => Create());

    /// <summary>A graph inside another one shares what that has.</summary>
    public void Share(nint inner, nint outer) => _graphs[inner] = OfGraph(outer);

    public GraphHost? FindGraph(nint graph) => _graphs.IsEmpty ? null : _graphs.GetValueOrDefault(graph);

    public GraphHost OfInstance(nint instance) => _instances.GetOrAdd(instance, _ => Create());

    public GraphHost? FindInstance(nint instance) => _instances.IsEmpty ? null : _instances.GetValueOrDefault(instance);

    /// <summary><paramref name="target"/> has all that the graph <paramref name="source"/> has.</summary>
    public void Include(Func<GraphHost> target, nint source)
    {
        if (FindGraph(source) is GraphHost had)
        {
            target().Include(had);
        }
    }

    /// <summary>The driver may give the value to another graph.</summary>
    public void ForgetGraph(nint graph) => _graphs.TryRemove(graph, out _);

    /// <summary>The driver may give the value to another instance.</summary>
    public void ForgetInstance(nint instance) => _instances.TryRemove(instance, out _);

    /// <summary>The session has ended, and the driver calls nothing of it any more.</summary>
    public void Dispose()
    {
        foreach (GraphHost host in _all)
        {
            host.Free();
        }

        Mirror.Dispose();
    }

    private GraphHost Create()
    {
        var host = new GraphHost(channel);
        _all.Add(host);
        return host;
    }
}
