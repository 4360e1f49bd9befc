using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Server;

// Nodes of any kind. The client's memory in a copy is replaced by memory here that stands for it, its functions by one that asks for the call.
internal static unsafe partial class Custom
{
    public static void cuGraphAddNode_v2(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUgraphNode);
        nint graph = call.ReadHandle(HandleKind.CUgraph, out nint graphId);
        nint* dependencies = call.ReadHandles(HandleKind.CUgraphNode, out nuint count, optional: true);
        CUgraphEdgeData* edges = call.ReadArray<CUgraphEdgeData>(out nuint edgeCount, optional: true);
        nuint announced = call.ReadNUInt();
        if (count != announced || (edges != null && edgeCount != count))
        {
            call.Malformed($"{count} dependencies and {edgeCount} edges where {announced} are announced");
        }

        NodeArguments node = ReadNode(ref call);
        if (!call.Begin())
        {
            return;
        }

        GraphHosts hosts = call.Session.Graphs;
        nint* extra = stackalloc nint[5];
        CUresult status = Complete(ref call, &node, node.TouchesHost ? hosts.OfGraph(graph) : null, extra);
        if (node.Parameters.type == CU_GRAPH_NODE_TYPE_MEMCPY && node.Parameters.memcpy.copyCtx == default)
        {
            node.Parameters.memcpy.copyCtx = new CUcontext(call.CurrentContext);
        }

        if (node.Parameters.type == CU_GRAPH_NODE_TYPE_MEMSET && node.Parameters.memset.ctx == default)
        {
            node.Parameters.memset.ctx = new CUcontext(call.CurrentContext);
        }

        CUgraphNode made = default;
        if (status == CUresult.CUDA_SUCCESS)
        {
            status = driver.cuGraphAddNode_v2(&made, new CUgraph(graph), (CUgraphNode*)dependencies, edges, count, &node.Parameters);
        }

        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, made.Value, graphId);
            if (node.Parameters.type == CU_GRAPH_NODE_TYPE_GRAPH)
            {
                hosts.Include(() => hosts.OfGraph(graph), node.Parameters.graph.graph.Value);
            }
        }

        ReplyMade(ref call, status, node.Parameters, graph, graphId);
    }

    public static void cuGraphNodeSetParams(CudaDriver driver, ref ServerCall call)
    {
        nint native = call.ReadHandle(HandleKind.CUgraphNode, out nint id);
        NodeArguments node = ReadNode(ref call);
        if (!call.Begin())
        {
            return;
        }

        nint graphId = call.Session.Handles.ParentOf(id);
        call.Session.Handles.TryResolve(graphId, out nint graph);
        nint* extra = stackalloc nint[5];
        CUresult status = Complete(ref call, &node, node.TouchesHost ? call.Session.Graphs.OfGraph(graph) : null, extra);
        call.Reply(status != CUresult.CUDA_SUCCESS ? status : node.Parameters.type switch
        {
            // Their contexts stay where none is given.
            CU_GRAPH_NODE_TYPE_MEMCPY => driver.cuGraphMemcpyNodeSetParams(new CUgraphNode(native), &node.Parameters.memcpy.copyParams),
            CU_GRAPH_NODE_TYPE_MEMSET => driver.cuGraphMemsetNodeSetParams(new CUgraphNode(native), (CUDA_MEMSET_NODE_PARAMS_v1*)&node.Parameters.memset),
            _ => driver.cuGraphNodeSetParams(new CUgraphNode(native), &node.Parameters),
        });
    }

    public static void cuGraphExecNodeSetParams(CudaDriver driver, ref ServerCall call)
    {
        nint instance = call.ReadHandle(HandleKind.CUgraphExec);
        nint native = call.ReadHandle(HandleKind.CUgraphNode);
        NodeArguments node = ReadNode(ref call);
        if (!call.Begin())
        {
            return;
        }

        nint* extra = stackalloc nint[5];
        GraphHosts hosts = call.Session.Graphs;
        CUresult status = Complete(ref call, &node, node.TouchesHost ? hosts.OfInstance(instance) : null, extra);
        if (node.Parameters.type == CU_GRAPH_NODE_TYPE_GRAPH)
        {
            hosts.Include(() => hosts.OfInstance(instance), node.Parameters.graph.graph.Value);
        }

        if (node.Parameters.type == CU_GRAPH_NODE_TYPE_MEMCPY && node.Parameters.memcpy.copyCtx == default)
        {
            node.Parameters.memcpy.copyCtx = new CUcontext(call.CurrentContext);
        }

        if (node.Parameters.type == CU_GRAPH_NODE_TYPE_MEMSET && node.Parameters.memset.ctx == default)
        {
            node.Parameters.memset.ctx = new CUcontext(call.CurrentContext);
        }

        call.Reply(status == CUresult.CUDA_SUCCESS
            ? driver.cuGraphExecNodeSetParams(new CUgraphExec(instance), new CUgraphNode(native), &node.Parameters)
            : status);
    }

    private static NodeArguments ReadNode(ref ServerCall call)
    {
        var node = new NodeArguments();
        ref CUgraphNodeParams parameters = ref node.Parameters;
        parameters.type = (CUgraphNodeType)call.ReadUInt32();
        switch (parameters.type)
        {
            case CU_GRAPH_NODE_TYPE_EMPTY:
                break;
            case CU_GRAPH_NODE_TYPE_KERNEL:
                nint function = call.ReadHandle(HandleKind.CUfunction, out nint id);
                (parameters.kernel.func, parameters.kernel.kern) = HandleId.Kind(id) == HandleKind.CUkernel
                    ? (default, new CUkernel(function))
                    : (new CUfunction(function), default(CUkernel));
                parameters.kernel.ctx = new CUcontext(call.ReadHandle(HandleKind.CUcontext, optional: true));
                parameters.kernel.gridDimX = call.ReadUInt32();
                parameters.kernel.gridDimY = call.ReadUInt32();
                parameters.kernel.gridDimZ = call.ReadUInt32();
                parameters.kernel.blockDimX = call.ReadUInt32();
                parameters.kernel.blockDimY = call.ReadUInt32();
                parameters.kernel.blockDimZ = call.ReadUInt32();
                parameters.kernel.sharedMemBytes = call.ReadUInt32();
                node.Launch.Parameters = call.ReadArray<byte>(out node.Launch.ParameterBytes);
                break;
            case CU_GRAPH_NODE_TYPE_MEMCPY:
                parameters.memcpy.copyCtx = new CUcontext(call.ReadHandle(HandleKind.CUcontext, optional: true));
                parameters.memcpy.copyParams = *call.ReadStruct<CUDA_MEMCPY3D_v2>();
                node.SourceRegion = call.ReadInt64();
                node.TargetRegion = call.ReadInt64();
                ResolveArrays(ref call, ref parameters.memcpy.copyParams);
                break;
            case CU_GRAPH_NODE_TYPE_MEMSET:
                var context = new CUcontext(call.ReadHandle(HandleKind.CUcontext, optional: true));
                *(CUDA_MEMSET_NODE_PARAMS_v1*)&node.Parameters.memset = *call.ReadStruct<CUDA_MEMSET_NODE_PARAMS_v1>();
                parameters.memset.ctx = context;
                break;
            case CU_GRAPH_NODE_TYPE_HOST:
                node.Callback = call.ReadInt64();
                break;
            case CU_GRAPH_NODE_TYPE_GRAPH:
                parameters.graph.graph = new CUgraph(call.ReadHandle(HandleKind.CUgraph));
                parameters.graph.ownership = (CUgraphChildGraphNodeOwnership)call.ReadInt32();
                break;
            case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
                parameters.eventWait.@event = new CUevent(call.ReadHandle(HandleKind.CUevent));
                break;
            case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
                parameters.eventRecord.@event = new CUevent(call.ReadHandle(HandleKind.CUevent));
                break;
            case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
                parameters.alloc.poolProps = *call.ReadStruct<CUmemPoolProps_v1>();
                parameters.alloc.poolProps.win32SecurityAttributes = null;
                parameters.alloc.accessDescs = call.ReadArray<CUmemAccessDesc_v1>(out nuint descriptions);
                parameters.alloc.accessDescCount = descriptions;
                parameters.alloc.bytesize = call.ReadNUInt();
                break;
            case CU_GRAPH_NODE_TYPE_MEM_FREE:
                parameters.free.dptr = new CUdeviceptr(call.ReadUInt64());
                break;
            case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
                parameters.memOp.ctx = new CUcontext(call.ReadHandle(HandleKind.CUcontext, optional: true));
                parameters.memOp.paramArray = call.ReadArray<CUstreamBatchMemOpParams_v1>(out nuint operations);
                parameters.memOp.count = (uint)operations;
                parameters.memOp.flags = call.ReadUInt32();
                break;
            case CU_GRAPH_NODE_TYPE_CONDITIONAL:
                parameters.conditional.ctx = new CUcontext(call.ReadHandle(HandleKind.CUcontext, optional: true));
                parameters.conditional.handle = call.ReadUInt64();
                parameters.conditional.type = (CUgraphConditionalNodeType)call.ReadUInt32();
                parameters.conditional.size = call.ReadUInt32();
                break;
            default:
                call.Malformed($"a node of type {(uint)parameters.type}");
                break;
        }

        return node;
    }

    // What points into this call's memory, or into the client's.
    private static CUresult Complete(ref ServerCall call, NodeArguments* node, GraphHost? host, nint* extra)
    {
        switch (node->Parameters.type)
        {
            case CU_GRAPH_NODE_TYPE_KERNEL:
                node->Parameters.kernel.extra = Extra(extra, &node->Launch);
                return CUresult.CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_HOST:
                HostFunction function = call.Session.Host.CreateFunction(0, node->Callback, isLast: false);
                function.Graph = host;
                host!.CallsFunctions = true;
                node->Parameters.host.fn = &CallFunction;
                node->Parameters.host.userData = function.UserData;
                return CUresult.CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_MEMCPY:
                ref CUDA_MEMCPY3D_v2 copy = ref node->Parameters.memcpy.copyParams;
                bool mapped = Map(ref call, host, ref copy.srcHost, copy.srcMemoryType, node->SourceRegion, false, copy,
                        (copy.srcXInBytes, copy.srcY, copy.srcZ, copy.srcPitch, copy.srcHeight))
                    && Map(ref call, host, ref copy.dstHost, copy.dstMemoryType, node->TargetRegion, true, copy,
                        (copy.dstXInBytes, copy.dstY, copy.dstZ, copy.dstPitch, copy.dstHeight));
                return mapped ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_NOT_SUPPORTED;
            default:
                return CUresult.CUDA_SUCCESS;
        }
    }

    private static bool Map(
        ref ServerCall call, GraphHost? host, ref void* memory, CUmemorytype type, long region, bool isWritten, in CUDA_MEMCPY3D_v2 copy,
        (nuint X, nuint Y, nuint Z, nuint Pitch, nuint Height) at)
    {
        if (type != CUmemorytype.CU_MEMORYTYPE_HOST || region == 0)
        {
            return true;
        }

        // As CUDA measures a side: rows a pitch apart, slices as many rows as the side says.
        UInt128 pitch = at.Pitch != 0 ? at.Pitch : copy.WidthInBytes + (UInt128)at.X;
        UInt128 slice = pitch * (at.Height != 0 ? at.Height : copy.Height + (UInt128)at.Y);
        UInt128 first = (slice * at.Z) + (pitch * at.Y) + at.X;
        UInt128 span = (slice * (copy.Depth - 1)) + (pitch * (copy.Height - 1)) + copy.WidthInBytes;
        UInt128 bytes = (UInt128)copy.WidthInBytes * copy.Height * copy.Depth;
        if (first > ulong.MaxValue || span > int.MaxValue || bytes > int.MaxValue)
        {
            return false;
        }

        HostMirror mirror = call.Session.Graphs.Mirror;
        byte* rows = mirror.Map((ulong)memory + (ulong)first, (ulong)span);
        if (rows == null)
        {
            return false;
        }

        host!.Add(new HostCopy(region, (nint)rows, copy.WidthInBytes, copy.Height, copy.Depth, (nuint)pitch, (nuint)slice, isWritten));
        memory = rows - (nuint)first;
        return true;
    }

    private static void ResolveArrays(ref ServerCall call, ref CUDA_MEMCPY3D_v2 copy)
    {
        if (copy.srcMemoryType == CUmemorytype.CU_MEMORYTYPE_ARRAY)
        {
            copy.srcArray = new CUarray(call.Resolve(copy.srcArray.Value, HandleKind.CUarray));
        }

        if (copy.dstMemoryType == CUmemorytype.CU_MEMORYTYPE_ARRAY)
        {
            copy.dstArray = new CUarray(call.Resolve(copy.dstArray.Value, HandleKind.CUarray));
        }
    }

    private static void ReplyMade(ref ServerCall call, CUresult status, in CUgraphNodeParams parameters, nint graph, nint graphId)
    {
        bool results = call.Reply(status);
        if (status == CUresult.CUDA_SUCCESS && parameters.type == CU_GRAPH_NODE_TYPE_MEM_ALLOC)
        {
            call.Session.Own(
                parameters.alloc.dptr.Value, new DeviceBlock(parameters.alloc.bytesize, call.CurrentContext, StreamOrdered: true, IsOfGraph: true));
            if (results)
            {
                call.Write(parameters.alloc.dptr.Value);
            }
        }

        if (status == CUresult.CUDA_SUCCESS && parameters.type == CU_GRAPH_NODE_TYPE_CONDITIONAL)
        {
            var bodies = new ReadOnlySpan<nint>(parameters.conditional.phGraph_out, (int)parameters.conditional.size);
            foreach (nint body in bodies)
            {
                call.Session.Graphs.Share(body, graph);
            }

            if (results)
            {
                call.WriteHandles(HandleKind.CUgraph, bodies, graphId);
            }
        }
    }

    private struct NodeArguments
    {
        public CUgraphNodeParams Parameters;
        public LaunchArguments Launch;
        public long SourceRegion;
        public long TargetRegion;
        public long Callback;

        public readonly bool TouchesHost => SourceRegion != 0 || TargetRegion != 0 || Callback != 0;
    }
}
