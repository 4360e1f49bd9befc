namespace CudaRpc.Simulator.Graphs;

/// <summary>A graph: nodes and the order between them. All members are to be used under its lock (<see cref="Gate"/>).</summary>
internal sealed class DriverGraph
{
    /// <summary>Guards the graph and its nodes. Taken from the outer graph to those inside it.</summary>
    public object Gate { get; } = new();

    public nint Handle { get; set; }

    public List<GraphNode> Nodes { get; } = [];

    /// <summary>Values of the conditional handles that belong to the graph, by handle: what each is when a launch begins, if it is set then.</summary>
    public Dictionary<ulong, uint?> Conditions { get; } = [];

    /// <summary>References to objects of the program that the graph holds.</summary>
    public Dictionary<UserObject, int> Objects { get; } = [];

    /// <summary>The node that the graph is inside of; null for one of the program's own.</summary>
    public GraphNode? Owner { get; set; }

    /// <summary>Whether the graph is being captured into.</summary>
    public bool IsCaptured { get; set; }

    public IEnumerable<GraphEdge> Edges => Nodes.SelectMany(static node => node.Out);

    public IEnumerable<GraphNode> Roots => Nodes.Where(static node => node.In.Count == 0);

    public GraphNode Add(NodeContent content, ReadOnlySpan<GraphEdgeEnd> dependencies)
    {
        var node = new GraphNode(this, content);
        Nodes.Add(node);
        foreach (GraphEdgeEnd dependency in dependencies)
        {
            Connect(dependency.Node, node, dependency.Data);
        }
        return node;
    }

    public static void Connect(GraphNode from, GraphNode to, CUgraphEdgeData data)
    {
        var edge = new GraphEdge(from, to, data);
        from.Out.Add(edge);
        to.In.Add(edge);
    }

    public static void Disconnect(GraphEdge edge)
    {
        edge.From.Out.Remove(edge);
        edge.To.In.Remove(edge);
    }

    public void Remove(GraphNode node)
    {
        foreach (GraphEdge edge in node.In.Concat(node.Out).ToArray())
        {
            Disconnect(edge);
        }
        Nodes.Remove(node);
    }

    /// <summary>Whether <paramref name="last"/> comes after <paramref name="first"/>, or is it.</summary>
    public static bool Reaches(GraphNode first, GraphNode last)
    {
        var seen = new HashSet<GraphNode> { first };
        var open = new Stack<GraphNode>(seen);
        while (open.TryPop(out GraphNode? node))
        {
            if (node == last)
            {
                return true;
            }
            foreach (GraphEdge edge in node.Out)
            {
                if (seen.Add(edge.To))
                {
                    open.Push(edge.To);
                }
            }
        }
        return false;
    }

    /// <summary>The nodes in an order that keeps to the dependencies, those made first as early as may be.</summary>
    public List<GraphNode> InOrder()
    {
        Dictionary<GraphNode, int> waiting = Nodes.ToDictionary(static node => node, static node => node.In.Count);
        var ready = new Queue<GraphNode>(Roots);
        var order = new List<GraphNode>(Nodes.Count);
        while (ready.TryDequeue(out GraphNode? node))
        {
            order.Add(node);
            foreach (GraphEdge edge in node.Out)
            {
                if (--waiting[edge.To] == 0)
                {
                    ready.Enqueue(edge.To);
                }
            }
        }
        return order;
    }
}

/// <summary>A node that another is to depend on, and how.</summary>
internal readonly record struct GraphEdgeEnd(GraphNode Node, CUgraphEdgeData Data);
