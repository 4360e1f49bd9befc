using System.Text;
using System.Runtime.InteropServices;
using CudaRpc.Simulator.Execution;
using CudaRpc.Simulator.Graphs;
using static CudaRpc.Driver.CUlaunchAttributeID;

namespace CudaRpc.Simulator;

public unsafe partial class SimulatedDriver
{
    /// <summary>An attribute that was never set is all zeros; being cooperative is part of the launch.</summary>
    public override CUresult cuGraphKernelNodeGetAttribute(CUgraphNode hNode, CUlaunchAttributeID attr, CUlaunchAttributeValue* value_out)
    {
        if (EnterKernelNode(hNode, out _, out KernelContent kernel) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value_out == null || !IsNodeAttribute(attr))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *value_out = kernel.Attributes.GetValueOrDefault(attr);
        if (attr == CU_LAUNCH_ATTRIBUTE_COOPERATIVE)
        {
            value_out->cooperative = kernel.Work.Shape.Cooperative ? 1 : 0;
        }
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeSetAttribute(CUgraphNode hNode, CUlaunchAttributeID attr, CUlaunchAttributeValue* value)
    {
        if (EnterKernelNode(hNode, out GraphNode node, out KernelContent kernel) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (value == null || !IsNodeAttribute(attr))
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        node.Content = With(kernel, new Dictionary<CUlaunchAttributeID, CUlaunchAttributeValue>(kernel.Attributes) { [attr] = *value });
        return CUDA_SUCCESS;
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeCopyAttributes(CUgraphNode dst, CUgraphNode src)
    {
        if (EnterKernelNode(dst, out GraphNode node, out KernelContent target) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (EnterKernelNode(src, out _, out KernelContent source) is not CUDA_SUCCESS and var noSource)
        {
            return noSource;
        }
        var attributes = new Dictionary<CUlaunchAttributeID, CUlaunchAttributeValue>(source.Attributes);
        CUlaunchAttributeValue cooperative = default;
        cooperative.cooperative = source.Work.Shape.Cooperative ? 1 : 0;
        attributes[CU_LAUNCH_ATTRIBUTE_COOPERATIVE] = cooperative;
        node.Content = With(target, attributes);
        return CUDA_SUCCESS;
    }

    /// <summary>Nodes with their kinds, and edges, in the DOT language.</summary>
    public override CUresult cuGraphDebugDotPrint(CUgraph hGraph, byte* path, uint flags)
    {
        if (EnterGraph(hGraph, out DriverGraph graph) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        if (path == null)
        {
            return CUDA_ERROR_INVALID_VALUE;
        }
        var text = new StringBuilder("digraph dot {\n");
        lock (graph.Gate)
        {
            foreach (GraphNode node in graph.Nodes)
            {
                string kind = node.Content.Type.ToString()["CU_GRAPH_NODE_TYPE_".Length..];
                string name = node.Content is KernelContent kernel ? $"\\n{kernel.Function.Kernel.Name}" : "";
                text.Append($"  \"node_{node.Handle:x}\" [label=\"{kind}{name}\"];\n");
            }
            foreach (GraphEdge edge in graph.Edges)
            {
                text.Append($"  \"node_{edge.From.Handle:x}\" -> \"node_{edge.To.Handle:x}\";\n");
            }
        }
        try
        {
            File.WriteAllText(Marshal.PtrToStringUTF8((nint)path)!, text.Append("}\n").ToString());
            return CUDA_SUCCESS;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return CUDA_ERROR_OPERATING_SYSTEM;
        }
    }

    private static bool IsNodeAttribute(CUlaunchAttributeID attribute) => attribute is CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW
        or CU_LAUNCH_ATTRIBUTE_COOPERATIVE or CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION or CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE
        or CU_LAUNCH_ATTRIBUTE_PRIORITY or CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP or CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN
        or CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT;

    private KernelContent With(KernelContent kernel, Dictionary<CUlaunchAttributeID, CUlaunchAttributeValue> attributes)
    {
        bool cooperative = attributes.TryGetValue(CU_LAUNCH_ATTRIBUTE_COOPERATIVE, out CUlaunchAttributeValue value)
            ? value.cooperative != 0
            : kernel.Work.Shape.Cooperative;
        var work = new KernelWork(_gpu.Launcher, kernel.Function, kernel.Work.Shape with { Cooperative = cooperative }, kernel.Work.Parameters);
        return new KernelContent(work, kernel.Handle) { Attributes = attributes };
    }

    private CUresult EnterKernelNode(CUgraphNode hNode, out GraphNode node, out KernelContent kernel)
    {
        kernel = null!;
        if (EnterNode(hNode, out node) is not CUDA_SUCCESS and var error)
        {
            return error;
        }
        kernel = (node.Content as KernelContent)!;
        return kernel is null ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    }
}
