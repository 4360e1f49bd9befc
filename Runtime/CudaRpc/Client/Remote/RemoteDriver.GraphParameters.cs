using System.Collections.Concurrent;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Client;

// What a node was given, read back. Values and pointers are the program's again: its own memory and functions, its ids.
public sealed unsafe partial class RemoteDriver
{
    // What the program has pointers to: bodies of conditional nodes, operations of batches. It may look at them at any time.
    private static readonly ConcurrentBag<nint[]> s_given = [];

    // What graphs allocate: freed by the program it is the graph's again, and comes back at its address with the next launch.
    private readonly ConcurrentDictionary<ulong, bool> _graphMemory = new();

    /// <inheritdoc/>
    protected override CUresult GetNodeParams(CUgraphNode hNode, CUgraphNodeType type, CUgraphNodeParams* nodeParams)
    {
        if (CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (type is CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL or CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT)
        {
            // No node is of these kinds.
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        uint callId = type switch
        {
            CU_GRAPH_NODE_TYPE_KERNEL => CallId.cuGraphKernelNodeGetParams_v2,
            CU_GRAPH_NODE_TYPE_MEMCPY => CallId.cuGraphMemcpyNodeGetParams,
            CU_GRAPH_NODE_TYPE_MEMSET => CallId.cuGraphMemsetNodeGetParams,
            CU_GRAPH_NODE_TYPE_HOST => CallId.cuGraphHostNodeGetParams,
            CU_GRAPH_NODE_TYPE_GRAPH => CallId.cuGraphChildGraphNodeGetGraph,
            CU_GRAPH_NODE_TYPE_EVENT_RECORD => CallId.cuGraphEventRecordNodeGetEvent,
            CU_GRAPH_NODE_TYPE_WAIT_EVENT => CallId.cuGraphEventWaitNodeGetEvent,
            CU_GRAPH_NODE_TYPE_MEM_ALLOC => CallId.cuGraphMemAllocNodeGetParams,
            CU_GRAPH_NODE_TYPE_BATCH_MEM_OP => CallId.cuGraphBatchMemOpNodeGetParams,
            _ => CallId.cuGraphMemFreeNodeGetParams,
        };
        try
        {
            var call = new Call(_session, callId);
            call.WriteHandle(hNode.Value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                nodeParams->type = type;
                ReadParameters(ref call, hNode, nodeParams);
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeGetAttribute(CUgraphNode hNode, CUlaunchAttributeID attr, CUlaunchAttributeValue* value_out)
    {
        if (CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (value_out == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphKernelNodeGetAttribute);
            call.WriteHandle(hNode.Value);
            call.Write((uint)attr);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.ReadStruct(value_out);
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphKernelNodeGetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphKernelNodeSetAttribute(CUgraphNode hNode, CUlaunchAttributeID attr, CUlaunchAttributeValue* value)
    {
        if (CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (value == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphKernelNodeSetAttribute);
            call.WriteHandle(hNode.Value);
            call.Write((uint)attr);
            call.WriteStruct(value);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphKernelNodeSetAttribute, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuUserObjectCreate(
        CUuserObject* object_out, void* ptr, delegate* unmanaged[Cdecl]<void*, void> destroy, uint initialRefcount, uint flags)
    {
        const uint NoDestructorSync = 1; // CU_USER_OBJECT_NO_DESTRUCTOR_SYNC
        if (object_out == null || destroy == null || initialRefcount is 0 or > int.MaxValue || flags != NoDestructorSync)
        {
            return Local(CUresult.CUDA_ERROR_INVALID_VALUE);
        }

        try
        {
            var call = new Call(_session, CallId.cuUserObjectCreate);
            *object_out = new CUuserObject(call.WriteNewHandle(HandleKind.CUuserObject));
            call.Write(_session.Host.Add(new HostCallback(destroy, ptr, isPersistent: true)));
            call.Write(initialRefcount);
            call.Write(flags);
            return call.Post();
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuUserObjectCreate, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphDebugDotPrint(CUgraph hGraph, byte* path, uint flags)
    {
        if (CheckGraph(hGraph) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (path == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphDebugDotPrint);
            call.WriteHandle(hGraph.Value);
            call.Write(flags);
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                byte[] text = call.ReadBytes();
                call.End();
                File.WriteAllBytes(System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)path)!, text);
            }

            return status;
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or DirectoryNotFoundException or FileNotFoundException or ArgumentException)
        {
            return CUresult.CUDA_ERROR_OPERATING_SYSTEM;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphDebugDotPrint, failure);
        }
    }

    private void ReadParameters(ref Call call, CUgraphNode node, CUgraphNodeParams* parameters)
    {
        switch (parameters->type)
        {
            case CU_GRAPH_NODE_TYPE_KERNEL:
                ReadKernel(ref call, node, ref parameters->kernel);
                break;
            case CU_GRAPH_NODE_TYPE_MEMCPY:
                call.ReadStruct(&parameters->memcpy.copyParams);
                break;
            case CU_GRAPH_NODE_TYPE_MEMSET:
                call.ReadStruct((CUDA_MEMSET_NODE_PARAMS_v1*)&parameters->memset);
                break;
            case CU_GRAPH_NODE_TYPE_HOST:
                HostCallback? callback = _session.Host.Find(call.ReadInt64());
                parameters->host.fn = callback == null ? null : callback.Function;
                parameters->host.userData = callback == null ? null : callback.UserData;
                break;
            case CU_GRAPH_NODE_TYPE_GRAPH:
                parameters->graph.graph = new CUgraph(call.ReadHandle(HandleKind.CUgraph, GraphOf(node)));
                break;
            case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
                parameters->eventRecord.@event = new CUevent(call.ReadHandle(HandleKind.CUevent));
                break;
            case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
                parameters->eventWait.@event = new CUevent(call.ReadHandle(HandleKind.CUevent));
                break;
            case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
                call.ReadStruct(&parameters->alloc.poolProps);
                parameters->alloc.bytesize = call.ReadNUInt();
                parameters->alloc.dptr = new CUdeviceptr(call.ReadUInt64());
                break;
            case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
                parameters->memOp.ctx = new CUcontext(call.ReadHandle(HandleKind.CUcontext));
                parameters->memOp.flags = call.ReadUInt32();
                KeepOperations(call.ReadBytes(), ref parameters->memOp);
                break;
            default:
                parameters->free.dptr = new CUdeviceptr(call.ReadUInt64());
                break;
        }
    }

    // The program gets a pointer to the operations, which stay.
    private static void KeepOperations(byte[] bytes, ref CUDA_BATCH_MEM_OP_NODE_PARAMS_v2 batch)
    {
        nint[] kept = GC.AllocateUninitializedArray<nint>((bytes.Length / sizeof(nint)) + 1, pinned: true);
        bytes.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(kept.AsSpan()));
        s_given.Add(kept);
        batch.count = (uint)(bytes.Length / sizeof(CUstreamBatchMemOpParams_v1));
        batch.paramArray = (CUstreamBatchMemOpParams_v1*)System.Runtime.CompilerServices.Unsafe.AsPointer(
            ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(kept));
    }

    private void ReadKernel(ref Call call, CUgraphNode node, ref CUDA_KERNEL_NODE_PARAMS_v3 kernel)
    {
        nint handle = call.ReadHandle(HandleKind.CUfunction);
        kernel = new CUDA_KERNEL_NODE_PARAMS_v3
        {
            func = new CUfunction(handle),
            gridDimX = call.ReadUInt32(),
            gridDimY = call.ReadUInt32(),
            gridDimZ = call.ReadUInt32(),
            blockDimX = call.ReadUInt32(),
            blockDimY = call.ReadUInt32(),
            blockDimZ = call.ReadUInt32(),
            sharedMemBytes = call.ReadUInt32(),
        };
        kernel.ctx = new CUcontext(call.ReadHandle(HandleKind.CUcontext));
        byte[] values = call.ReadBytes();
        if (Handles.Find<FunctionInfo>(handle) is not { Parameters: { } layout } function || values.Length > function.ParameterBytes)
        {
            return;
        }

        if (Handles.Find<NodeInfo>(node.Value) is not NodeInfo info)
        {
            Handles.Add(node.Value, info = new NodeInfo(GraphOf(node)));
        }

        kernel.kernelParams = info.Keep(layout, function.ParameterBytes, out byte* kept);
        values.CopyTo(new Span<byte>(kept, values.Length));
    }
}
