using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    private const int MaxGraphNodes = 1 << 20;

    /// <inheritdoc/>
    public override CUresult cuGraphCreate(CUgraph* phGraph, uint flags)
    {
        if (Ready is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phGraph == null || flags != 0)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var graph = new DriverGraph();
        graph.Handle = _handles.Add(graph);
        return graph.Handle == 0 ? CUDA_ERROR_OUT_OF_MEMORY : Give(phGraph, new CUgraph(graph.Handle));
    }

    /// <summary>What was instantiated from the graph lives on. A graph inside a node ends with the node.</summary>
    public override CUresult cuGraphDestroy(CUgraph hGraph)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (graph.Owner is not null || graph.IsCaptured)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        DestroyGraph(graph);
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphClone(CUgraph* phGraphClone, CUgraph originalGraph)
    {
        if (EnterGraph(originalGraph, out DriverGraph original) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (phGraphClone == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        // Memory nodes and conditional handles belong to one graph.
        lock (original.Gate)
        {
            if (original.Conditions.Count > 0 || original.Nodes.Exists(static node => node.Content is AllocateContent or FreeContent))
            {
                return CUDA_ERROR_NOT_SUPPORTED;
            }
        }
        return CloneGraph(original, out DriverGraph clone) is not CUDA_SUCCESS and var failed
            ? failed
            : Give(phGraphClone, new CUgraph(clone.Handle));
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeFindInClone(CUgraphNode* phNode, CUgraphNode hOriginalNode, CUgraph hClonedGraph)
    {
        if (EnterGraph(hClonedGraph, out DriverGraph clone) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterNode(hOriginalNode, out GraphNode original) is not CUDA_SUCCESS and var noNode)
        {
            return noNode;
        }
        lock (clone.Gate)
        {
            return clone.Nodes.Find(node => node.Original == original) is { } found
                ? Give(phNode, new CUgraphNode(found.Handle))
                : CUDA_ERROR_INVALID_VALUE;
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphDestroyNode(CUgraphNode hNode)
    {
        if (EnterNode(hNode, out GraphNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (node.Content is AllocateContent or FreeContent)
        {
            return CUDA_ERROR_NOT_SUPPORTED; // As in CUDA: memory nodes stay.
        }
        lock (node.Graph.Gate)
        {
            Forget(node);
            node.Graph.Remove(node);
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetType(CUgraphNode hNode, CUgraphNodeType* type) =>
        EnterNode(hNode, out GraphNode node) is not CUDA_SUCCESS and var error ? error : Give(type, node.Content.Type);

    /// <inheritdoc/>
    public override CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, nuint* numNodes)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        lock (graph.Gate)
        {
            return List(graph.Nodes, nodes, numNodes);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphGetRootNodes(CUgraph hGraph, CUgraphNode* rootNodes, nuint* numRootNodes)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        lock (graph.Gate)
        {
            return List([.. graph.Roots], rootNodes, numRootNodes);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphGetEdges_v2(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edgeData, nuint* numEdges)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        lock (graph.Gate)
        {
            return List([.. graph.Edges], from, to, edgeData, numEdges);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetDependencies_v2(
        CUgraphNode hNode, CUgraphNode* dependencies, CUgraphEdgeData* edgeData, nuint* numDependencies)
    {
        if (EnterNode(hNode, out GraphNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        lock (node.Graph.Gate)
        {
            return List(node.In, dependencies, null, edgeData, numDependencies);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeGetDependentNodes_v2(
        CUgraphNode hNode, CUgraphNode* dependentNodes, CUgraphEdgeData* edgeData, nuint* numDependentNodes)
    {
        if (EnterNode(hNode, out GraphNode node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        lock (node.Graph.Gate)
        {
            return List(node.Out, null, dependentNodes, edgeData, numDependentNodes);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphAddDependencies_v2(
        CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edgeData, nuint numDependencies) =>
        ChangeDependencies(hGraph, from, to, edgeData, numDependencies, static (source, target, data) =>
        {
            bool possible = !source.Out.Exists(edge => edge.To == target) && !DriverGraph.Reaches(target, source);
            if (possible)
            {
                DriverGraph.Connect(source, target, data);
            }
            return possible;
        });

    /// <inheritdoc/>
    public override CUresult cuGraphRemoveDependencies_v2(
        CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edgeData, nuint numDependencies) =>
        ChangeDependencies(hGraph, from, to, edgeData, numDependencies, static (source, target, data) =>
        {
            int index = source.Out.FindIndex(edge => edge.To == target && edge.Data.Equals(data));
            if (index >= 0)
            {
                DriverGraph.Disconnect(source.Out[index]);
            }
            return index >= 0;
        });

    private CUresult ChangeDependencies(
        CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edgeData, nuint count, Func<GraphNode, GraphNode, CUgraphEdgeData, bool> change)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (count > 0 && (from == null || to == null))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        lock (graph.Gate)
        {
            for (nuint i = 0; i < count; i++)
            {
                if (EnterNode(from[i], out GraphNode source) != CUDA_SUCCESS || EnterNode(to[i], out GraphNode target) != CUDA_SUCCESS
                    || source.Graph != graph || target.Graph != graph || !change(source, target, edgeData == null ? default : edgeData[i]))
                {
                    return CUDA_ERROR_INVALID_VALUE;
                }
            }
            return CUDA_SUCCESS;
        }
    }

    private CUresult ReadDependencies(
        DriverGraph graph, CUgraphNode* dependencies, CUgraphEdgeData* data, nuint count, out GraphEdgeEnd[] ends)
    {
        ends = [];
        if (count > MaxGraphNodes || (count > 0 && dependencies == null))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var read = new GraphEdgeEnd[count];
        for (nuint i = 0; i < count; i++)
        {
            if (EnterNode(dependencies[i], out GraphNode node) != CUDA_SUCCESS || node.Graph != graph
                || Array.Exists(read, end => end.Node == node))
            {
                return CUDA_ERROR_INVALID_VALUE;
            }
            read[i] = new GraphEdgeEnd(node, data == null ? default : data[i]);
        }
        ends = read;
        return CUDA_SUCCESS;
    }

    private CUresult CloneGraph(DriverGraph original, out DriverGraph clone)
    {
        bool named = true;
        clone = new GraphCopy(made => named &= Name(made)).Clone(original);
        if (named)
        {
            return CUDA_SUCCESS;
        }
        DestroyGraph(clone);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }

    private bool Name(GraphNode node)
    {
        node.Handle = _handles.Add(node);
        return node.Handle != 0;
    }

    private bool Name(DriverGraph graph)
    {
        graph.Handle = _handles.Add(graph);
        return graph.Handle != 0 && graph.Nodes.TrueForAll(Name);
    }

    private void DestroyGraph(DriverGraph graph)
    {
        lock (graph.Gate)
        {
            _handles.Remove(graph.Handle, out DriverGraph? _);
            graph.Nodes.ForEach(Forget);
            foreach ((UserObject held, int count) in graph.Objects)
            {
                held.Release(count);
            }
            graph.Objects.Clear();
        }
    }

    // The node's handle ends, with the graphs inside it and what it holds.
    private void Forget(GraphNode node)
    {
        _handles.Remove(node.Handle, out GraphNode? _);
        foreach (DriverGraph inner in GraphCopy.Inner(node.Content))
        {
            DestroyGraph(inner);
        }
        if (node.Content is AllocateContent allocate)
        {
            allocate.Memory.LetGo();
        }
    }

    private CUresult EnterGraph(CUgraph hGraph, out DriverGraph graph) => Find(hGraph.Value, out graph) switch
    {
        CUDA_ERROR_INVALID_HANDLE => CUDA_ERROR_INVALID_VALUE,
        CUresult result => result,
    };

    private CUresult EnterNode(CUgraphNode hNode, out GraphNode node) => Find(hNode.Value, out node) switch
    {
        CUDA_ERROR_INVALID_HANDLE => CUDA_ERROR_INVALID_VALUE,
        CUresult result => result,
    };

    // Without an array only the number is given. Room beyond what there is gets null, as in CUDA.
    private static CUresult List(IReadOnlyList<GraphNode> nodes, CUgraphNode* array, nuint* count)
    {
        if (count == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (array != null)
        {
            for (nuint i = 0; i < *count; i++)
            {
                array[i] = i < (nuint)nodes.Count ? new CUgraphNode(nodes[(int)i].Handle) : default;
            }
        }
        *count = array == null ? (nuint)nodes.Count : nuint.Min(*count, (nuint)nodes.Count);
        return CUDA_SUCCESS;
    }

    private static CUresult List(IReadOnlyList<GraphEdge> edges, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data, nuint* count)
    {
        if (count == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (from == null && to == null)
        {
            *count = (nuint)edges.Count;
            return CUDA_SUCCESS;
        }
        if (data == null && edges.Any(static edge => edge.Data is not { from_port: 0, to_port: 0, type: 0 }))
        {
            return CUDA_ERROR_LOSSY_QUERY;
        }
        for (nuint i = 0; i < *count; i++)
        {
            bool exists = i < (nuint)edges.Count;
            if (from != null)
            {
                from[i] = exists ? new CUgraphNode(edges[(int)i].From.Handle) : default;
            }
            if (to != null)
            {
                to[i] = exists ? new CUgraphNode(edges[(int)i].To.Handle) : default;
            }
            if (data != null)
            {
                data[i] = exists ? edges[(int)i].Data : default;
            }
        }
        *count = nuint.Min(*count, (nuint)edges.Count);
        return CUDA_SUCCESS;
    }
}
