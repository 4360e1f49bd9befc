namespace CudaRpc.Simulator.Graphs;

/// <summary>Clones graphs, with what is inside them. Memory and objects that the original holds are held by the clone as well.</summary>
/// <param name="adopt">Called with each clone and each of its nodes, to give them handles; false ends it.</param>
internal sealed class GraphCopy(Action<DriverGraph> adopt)
{
    public DriverGraph Clone(DriverGraph original)
    {
        lock (original.Gate)
        {
            var clone = new DriverGraph();
            var nodes = new Dictionary<GraphNode, GraphNode>();
            foreach (GraphNode node in original.Nodes)
            {
                var copy = new GraphNode(clone, node.Content.Clone(this)) { Original = node };
                foreach (DriverGraph inner in Inner(copy.Content))
                {
                    inner.Owner = copy;
                }
                if (copy.Content is AllocateContent allocate)
                {
                    allocate.Memory.Hold();
                }
                nodes.Add(node, copy);
                clone.Nodes.Add(copy);
            }
            foreach (GraphEdge edge in original.Edges)
            {
                DriverGraph.Connect(nodes[edge.From], nodes[edge.To], edge.Data);
            }
            foreach ((ulong handle, uint? value) in original.Conditions)
            {
                clone.Conditions[handle] = value;
            }
            foreach ((UserObject held, int count) in original.Objects)
            {
                held.Retain(count);
                clone.Objects[held] = count;
            }
            adopt(clone);
            return clone;
        }
    }

    /// <summary>Graphs inside a node.</summary>
    public static IEnumerable<DriverGraph> Inner(NodeContent content) => content switch
    {
        ChildContent child => [child.Graph],
        ConditionalContent conditional => conditional.Bodies,
        _ => [],
    };
}
