using CudaRpc.Driver;
using CudaRpc.Protocol;
using static CudaRpc.Driver.CUgraphNodeType;

namespace CudaRpc.Client;

// Nodes of any kind. Their parameters travel as for a launch or a copy; memory and functions of the program go by number, see HostLink.
public sealed unsafe partial class RemoteDriver
{
    /// <inheritdoc/>
    public override CUresult cuGraphAddNode_v2(
        CUgraphNode* phGraphNode, CUgraph hGraph, CUgraphNode* dependencies, CUgraphEdgeData* dependencyData, nuint numDependencies,
        CUgraphNodeParams* nodeParams)
    {
        if (phGraphNode == null || nodeParams == null)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (CheckGraph(hGraph) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        if (CheckNodes(dependencies, numDependencies) is var checkNodes and not CUresult.CUDA_SUCCESS)
        {
            return checkNodes;
        }

        if (CheckParameters(nodeParams) is var checkParameters and not CUresult.CUDA_SUCCESS)
        {
            return checkParameters;
        }

        try
        {
            var call = new Call(_session, CallId.cuGraphAddNode_v2);
            nint id = call.WriteNewHandle(HandleKind.CUgraphNode);
            call.WriteHandle(hGraph.Value);
            WriteDependencies(ref call, dependencies, dependencyData, numDependencies);
            if (WriteParameters(ref call, nodeParams) is var written and not CUresult.CUDA_SUCCESS)
            {
                return written;
            }

            CUresult status = nodeParams->type is CU_GRAPH_NODE_TYPE_MEM_ALLOC or CU_GRAPH_NODE_TYPE_CONDITIONAL
                ? ReadMade(ref call, nodeParams, hGraph)
                : call.Post();
            if (status == CUresult.CUDA_SUCCESS)
            {
                Handles.Add(id, new HandleInfo(HandleKind.CUgraphNode, hGraph.Value));
                *phGraphNode = new CUgraphNode(id);
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(CallId.cuGraphAddNode_v2, failure);
        }
    }

    /// <inheritdoc/>
    public override CUresult cuGraphNodeSetParams(CUgraphNode hNode, CUgraphNodeParams* nodeParams) =>
        CheckNode(hNode) is var check and not CUresult.CUDA_SUCCESS ? check : SetParameters(CallId.cuGraphNodeSetParams, default, hNode, nodeParams);

    /// <inheritdoc/>
    public override CUresult cuGraphExecNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUgraphNodeParams* nodeParams)
    {
        if (CheckInstance(hGraphExec) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        return CheckNode(hNode) is var checkNode and not CUresult.CUDA_SUCCESS
            ? checkNode
            : SetParameters(CallId.cuGraphExecNodeSetParams, hGraphExec, hNode, nodeParams);
    }

    private CUresult SetParameters(uint callId, CUgraphExec instance, CUgraphNode node, CUgraphNodeParams* nodeParams)
    {
        if (nodeParams == null || nodeParams->type is CU_GRAPH_NODE_TYPE_MEM_ALLOC or CU_GRAPH_NODE_TYPE_CONDITIONAL)
        {
            return CUresult.CUDA_ERROR_INVALID_VALUE;
        }

        if (CheckParameters(nodeParams) is var check and not CUresult.CUDA_SUCCESS)
        {
            return check;
        }

        try
        {
            var call = new Call(_session, callId);
            if (instance != default)
            {
                call.WriteHandle(instance.Value);
            }

            call.WriteHandle(node.Value);
            if (WriteParameters(ref call, nodeParams) is var written and not CUresult.CUDA_SUCCESS)
            {
                return written;
            }

            if (instance == default)
            {
                return call.Post();
            }

            // Programs try this and instantiate anew where it is refused: they need the answer.
            CUresult status = call.Invoke();
            if (status == CUresult.CUDA_SUCCESS)
            {
                call.End();
            }

            return status;
        }
        catch (Exception failure)
        {
            return _session.Failed(callId, failure);
        }
    }

    // What the server makes for a node that the program needs to know.
    private CUresult ReadMade(ref Call call, CUgraphNodeParams* parameters, CUgraph graph)
    {
        CUresult status = call.Invoke();
        if (status != CUresult.CUDA_SUCCESS)
        {
            return status;
        }

        if (parameters->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC)
        {
            ulong address = call.ReadUInt64();
            _graphMemory[address] = true;
            parameters->alloc.dptr = Adopt(address, parameters->alloc.bytesize);
        }
        else
        {
            nint[] bodies = call.ReadHandles(HandleKind.CUgraph, graph.Value);
            // The program reads them at once; the array must stay, so it belongs to nobody who could end.
            nint[] pinned = GC.AllocateUninitializedArray<nint>(bodies.Length, pinned: true);
            bodies.CopyTo(pinned, 0);
            s_given.Add(pinned);
            parameters->conditional.phGraph_out = (CUgraph*)System.Runtime.CompilerServices.Unsafe.AsPointer(
                ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));
        }

        call.End();
        return status;
    }

    // What can be told without the server. Unified addresses of copies become the host's or the device's.
    private CUresult CheckParameters(CUgraphNodeParams* parameters)
    {
        switch (parameters->type)
        {
            case CU_GRAPH_NODE_TYPE_KERNEL:
                CUfunction function = FunctionOf(parameters->kernel);
                return Handles.Find<FunctionInfo>(function.Value) is null
                    ? CUresult.CUDA_ERROR_INVALID_HANDLE
                    : Handles.Check(parameters->kernel.ctx.Value, HandleKind.CUcontext, optional: true);
            case CU_GRAPH_NODE_TYPE_MEMCPY:
                return CheckCopy(&parameters->memcpy);
            case CU_GRAPH_NODE_TYPE_MEMSET:
                return Handles.Check(parameters->memset.ctx.Value, HandleKind.CUcontext, optional: true);
            case CU_GRAPH_NODE_TYPE_HOST:
                return parameters->host.fn == null ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_GRAPH:
                return CheckGraph(parameters->graph.graph);
            case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
                return Handles.Check(parameters->eventWait.@event.Value, HandleKind.CUevent);
            case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
                return Handles.Check(parameters->eventRecord.@event.Value, HandleKind.CUevent);
            case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
                bool wrong = parameters->alloc.bytesize == 0 || (parameters->alloc.accessDescCount > 0 && parameters->alloc.accessDescs == null);
                return wrong ? CUresult.CUDA_ERROR_INVALID_VALUE : CUresult.CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
                return parameters->memOp.count > 0 && parameters->memOp.paramArray == null
                    ? CUresult.CUDA_ERROR_INVALID_VALUE
                    : Handles.Check(parameters->memOp.ctx.Value, HandleKind.CUcontext, optional: true);
            case CU_GRAPH_NODE_TYPE_CONDITIONAL:
                return Handles.Check(parameters->conditional.ctx.Value, HandleKind.CUcontext, optional: true);
            case CU_GRAPH_NODE_TYPE_EMPTY or CU_GRAPH_NODE_TYPE_MEM_FREE:
                return CUresult.CUDA_SUCCESS;
            case CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL:
                return CheckSemaphores(parameters->extSemSignal.extSemArray, parameters->extSemSignal.paramsArray, parameters->extSemSignal.numExtSems);
            case CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT:
                return CheckSemaphores(parameters->extSemWait.extSemArray, parameters->extSemWait.paramsArray, parameters->extSemWait.numExtSems);
            default:
                return CUresult.CUDA_ERROR_INVALID_VALUE;
        }
    }

    private CUresult CheckCopy(CUDA_MEMCPY_NODE_PARAMS* memcpy)
    {
        CUDA_MEMCPY3D_PEER_v1 copy = PitchedCopy.From(memcpy->copyParams);
        PitchedSide source = PitchedCopy.Source(copy);
        PitchedSide target = PitchedCopy.Target(copy);
        CUresult status = CheckSide(ref source, copy, isPeer: false);
        status = status == CUresult.CUDA_SUCCESS ? CheckSide(ref target, copy, isPeer: false) : status;
        memcpy->copyParams.srcMemoryType = source.Type;
        memcpy->copyParams.dstMemoryType = target.Type;
        (memcpy->copyParams.srcDevice, memcpy->copyParams.dstDevice) = (source.Device, target.Device);
        memcpy->copyParams.srcHost = (void*)source.Host;
        memcpy->copyParams.dstHost = (void*)target.Host;
        return status == CUresult.CUDA_SUCCESS ? Handles.Check(memcpy->copyCtx.Value, HandleKind.CUcontext, optional: true) : status;
    }

    private CUresult WriteParameters(ref Call call, CUgraphNodeParams* parameters)
    {
        call.Write((uint)parameters->type);
        switch (parameters->type)
        {
            case CU_GRAPH_NODE_TYPE_KERNEL:
                return WriteKernel(ref call, parameters->kernel);
            case CU_GRAPH_NODE_TYPE_MEMCPY:
                CUDA_MEMCPY3D_PEER_v1 copy = PitchedCopy.From(parameters->memcpy.copyParams);
                call.WriteHandle(parameters->memcpy.copyCtx.Value);
                call.WriteStruct(&parameters->memcpy.copyParams);
                call.Write(Region(PitchedCopy.Source(copy), copy));
                call.Write(Region(PitchedCopy.Target(copy), copy));
                break;
            case CU_GRAPH_NODE_TYPE_MEMSET:
                call.WriteHandle(parameters->memset.ctx.Value);
                call.WriteStruct((CUDA_MEMSET_NODE_PARAMS_v1*)&parameters->memset);
                break;
            case CU_GRAPH_NODE_TYPE_HOST:
                call.Write(_session.Host.Add(new HostCallback(parameters->host.fn, parameters->host.userData, isPersistent: true)));
                break;
            case CU_GRAPH_NODE_TYPE_GRAPH:
                call.WriteHandle(parameters->graph.graph.Value);
                call.Write((int)parameters->graph.ownership);
                break;
            case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
                call.WriteHandle(parameters->eventWait.@event.Value);
                break;
            case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
                call.WriteHandle(parameters->eventRecord.@event.Value);
                break;
            case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
                call.WriteStruct(&parameters->alloc.poolProps);
                call.WriteArray(parameters->alloc.accessDescs, parameters->alloc.accessDescCount);
                call.Write(parameters->alloc.bytesize);
                break;
            case CU_GRAPH_NODE_TYPE_MEM_FREE:
                call.Write(parameters->free.dptr.Value);
                break;
            case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
                call.WriteHandle(parameters->memOp.ctx.Value);
                call.WriteArray(parameters->memOp.paramArray, parameters->memOp.count);
                call.Write(parameters->memOp.flags);
                break;
            case CU_GRAPH_NODE_TYPE_CONDITIONAL:
                call.WriteHandle(parameters->conditional.ctx.Value);
                call.Write(parameters->conditional.handle);
                call.Write((uint)parameters->conditional.type);
                call.Write(parameters->conditional.size);
                break;
        }

        return CUresult.CUDA_SUCCESS;
    }

    private CUresult WriteKernel(ref Call call, in CUDA_KERNEL_NODE_PARAMS_v3 kernel)
    {
        CUfunction handle = FunctionOf(kernel);
        FunctionInfo function = Handles.Find<FunctionInfo>(handle.Value)!;
        byte* packed = stackalloc byte[function.ParameterBytes <= MaximumParameterBytes ? function.ParameterBytes : 0];
        nuint length = (nuint)function.ParameterBytes;
        if (Pack(function, kernel.kernelParams, kernel.extra, ref packed, ref length) is var gathered and not CUresult.CUDA_SUCCESS)
        {
            return gathered;
        }

        call.WriteHandle(handle.Value);
        call.WriteHandle(kernel.ctx.Value);
        call.Write(kernel.gridDimX);
        call.Write(kernel.gridDimY);
        call.Write(kernel.gridDimZ);
        call.Write(kernel.blockDimX);
        call.Write(kernel.blockDimY);
        call.Write(kernel.blockDimZ);
        call.Write(kernel.sharedMemBytes);
        call.WriteArray(packed, length);
        return CUresult.CUDA_SUCCESS;
    }

    private static CUfunction FunctionOf(in CUDA_KERNEL_NODE_PARAMS_v3 kernel) => kernel.func.Value != 0 ? kernel.func : new CUfunction(kernel.kern.Value);

    // The program's side of a copy, for as long as the session lives: what was instantiated from a graph may outlive it.
    private long Region(in PitchedSide side, in CUDA_MEMCPY3D_PEER_v1 copy) =>
        side.Type == CUmemorytype.CU_MEMORYTYPE_HOST && copy.WidthInBytes > 0 && copy.Height > 0 && copy.Depth > 0
            ? _session.Host.Add(new HostRegion(side.Box(copy), isPersistent: true))
            : 0;
}
