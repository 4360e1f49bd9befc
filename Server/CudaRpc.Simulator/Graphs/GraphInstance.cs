using CudaRpc.Simulator.Execution;

namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// An instantiated graph: what its nodes did when it was made, in an order to run them in. Nodes are known by those of the graph it
/// was made from, those inside other nodes too. Guarded by itself.
/// </summary>
internal sealed class GraphInstance
{
    private readonly Dictionary<GraphNode, InstanceNode> _nodes = [];
    private readonly HashSet<GraphMemory> _memory = [];
    private readonly List<UserObject> _objects = [];

    public GraphInstance(DriverGraph graph, ulong flags)
    {
        Flags = flags;
        Order = Instantiate(graph);
    }

    public nint Handle { get; set; }

    public ulong Flags { get; }

    /// <summary>What to run, one after the other.</summary>
    public InstanceNode[] Order { get; }

    /// <summary>Conditional handles and what each is when a launch begins; null where a launch leaves it as it is.</summary>
    public Dictionary<ulong, uint?> Conditions { get; } = [];

    /// <summary>The end of the last launch: launches of one instance run one after the other.</summary>
    public StreamPoint? LastLaunch { get; set; }

    /// <summary>Launches that have not ended.</summary>
    public int Launches { get; set; }

    /// <summary>Set when the program destroyed it.</summary>
    public bool IsDestroyed { get; set; }

    public IReadOnlyCollection<GraphMemory> Memory => _memory;

    public InstanceNode? Find(GraphNode node) => _nodes.GetValueOrDefault(node);

    /// <summary>Takes the contents of a graph of the same shape. On a difference nothing changes, and its node and kind are given.</summary>
    public CUgraphExecUpdateResult Update(DriverGraph graph, out GraphNode? different)
    {
        var changes = new List<(InstanceNode Node, GraphNode With)>();
        CUgraphExecUpdateResult result = Compare(Order, graph, changes, out different);
        if (result != CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS)
        {
            return result;
        }
        foreach ((InstanceNode node, GraphNode with) in changes)
        {
            node.Content = with.Content;
            // The program may go on to name the nodes by those of the new graph.
            _nodes[with] = node;
        }
        return result;
    }

    /// <summary>Takes the contents of another child graph for a node; the shape must be the same.</summary>
    public CUgraphExecUpdateResult UpdateChild(GraphNode node, DriverGraph child)
    {
        var changes = new List<(InstanceNode Node, GraphNode With)>();
        CUgraphExecUpdateResult result = Compare(_nodes[node].Inner[0], child, changes, out _);
        if (result == CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS)
        {
            changes.ForEach(static change => change.Node.Content = change.With.Content);
        }
        return result;
    }

    /// <summary>Lets go of memory and objects once the program has destroyed it and no launch is under way.</summary>
    public void DisposeIfIdle()
    {
        if (IsDestroyed && Launches == 0)
        {
            Dispose();
        }
    }

    /// <summary>Lets go of memory and objects.</summary>
    public void Dispose()
    {
        foreach (GraphMemory memory in _memory)
        {
            memory.LetGo();
        }
        _objects.ForEach(static held => held.Release(1));
    }

    private InstanceNode[] Instantiate(DriverGraph graph)
    {
        lock (graph.Gate)
        {
            foreach ((ulong handle, uint? value) in graph.Conditions)
            {
                Conditions[handle] = value;
            }
            foreach (UserObject held in graph.Objects.Keys)
            {
                held.Retain(1);
                _objects.Add(held);
            }
            List<GraphNode> order = graph.InOrder();
            var result = new InstanceNode[order.Count];
            for (int i = 0; i < result.Length; i++)
            {
                GraphNode node = order[i];
                if (node.Content is AllocateContent allocate && _memory.Add(allocate.Memory))
                {
                    allocate.Memory.Hold();
                }
                result[i] = new InstanceNode(node.Content, [.. GraphCopy.Inner(node.Content).Select(Instantiate)])
                {
                    Dependencies = [.. node.In.Select(edge => order.IndexOf(edge.From)).Order()],
                };
                _nodes[node] = result[i];
            }
            return result;
        }
    }

    private static CUgraphExecUpdateResult Compare(
        InstanceNode[] nodes, DriverGraph graph, List<(InstanceNode, GraphNode)> changes, out GraphNode? different)
    {
        lock (graph.Gate)
        {
            different = null;
            List<GraphNode> order = graph.InOrder();
            if (order.Count != nodes.Length)
            {
                return CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
            }
            for (int i = 0; i < nodes.Length; i++)
            {
                different = order[i];
                if (!order[i].In.Select(edge => order.IndexOf(edge.From)).Order().SequenceEqual(nodes[i].Dependencies))
                {
                    return CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
                }
                if (nodes[i].Content.Accepts(order[i].Content) is not CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS and var refused)
                {
                    return refused;
                }
                DriverGraph[] inner = [.. GraphCopy.Inner(order[i].Content)];
                if (inner.Length != nodes[i].Inner.Length)
                {
                    return CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_ERROR_PARAMETERS_CHANGED;
                }
                for (int child = 0; child < inner.Length; child++)
                {
                    if (Compare(nodes[i].Inner[child], inner[child], changes, out GraphNode? within)
                        is not CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS and var wrong)
                    {
                        different = within ?? different;
                        return wrong;
                    }
                }
                changes.Add((nodes[i], order[i]));
            }
            different = null;
            return CUgraphExecUpdateResult.CU_GRAPH_EXEC_UPDATE_SUCCESS;
        }
    }
}
