using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.Server;

// What nodes were given, read back, with the client's memory, functions and ids in place of ours.
internal static unsafe partial class Custom
{
    public static void cuGraphKernelNodeGetParams_v2(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUDA_KERNEL_NODE_PARAMS_v2 kernel;
        CUresult status = driver.cuGraphKernelNodeGetParams_v2(node, &kernel);
        nint function = kernel.func.Value != 0 ? kernel.func.Value : kernel.kern.Value;
        byte[] values = status == CUresult.CUDA_SUCCESS ? Gather(driver, new CUfunction(function), kernel.kernelParams) : [];
        if (!call.Reply(status))
        {
            return;
        }

        nint id = call.Session.Handles.Find(HandleKind.CUfunction, function);
        call.Write(id != 0 ? id : call.Session.Handles.Find(HandleKind.CUkernel, function));
        call.Write(kernel.gridDimX);
        call.Write(kernel.gridDimY);
        call.Write(kernel.gridDimZ);
        call.Write(kernel.blockDimX);
        call.Write(kernel.blockDimY);
        call.Write(kernel.blockDimZ);
        call.Write(kernel.sharedMemBytes);
        call.WriteHandle(HandleKind.CUcontext, kernel.ctx.Value);
        fixed (byte* start = values)
        {
            call.WriteArray(start, (nuint)values.Length);
        }
    }

    public static void cuGraphMemcpyNodeGetParams(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUDA_MEMCPY3D_v2 copy;
        CUresult status = driver.cuGraphMemcpyNodeGetParams(node, &copy);
        if (call.Reply(status))
        {
            HostMirror mirror = call.Session.Graphs.Mirror;
            copy.srcHost = copy.srcMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST ? (void*)mirror.AddressOf(copy.srcHost) : null;
            copy.dstHost = copy.dstMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST ? (void*)mirror.AddressOf(copy.dstHost) : null;
            copy.srcArray = new CUarray(call.Session.Handles.Find(HandleKind.CUarray, copy.srcArray.Value));
            copy.dstArray = new CUarray(call.Session.Handles.Find(HandleKind.CUarray, copy.dstArray.Value));
            call.WriteStruct(&copy);
        }
    }

    public static void cuGraphMemsetNodeGetParams(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUDA_MEMSET_NODE_PARAMS_v1 set;
        if (call.Reply(driver.cuGraphMemsetNodeGetParams(node, &set)))
        {
            call.WriteStruct(&set);
        }
    }

    public static void cuGraphHostNodeGetParams(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUDA_HOST_NODE_PARAMS_v1 host;
        if (call.Reply(driver.cuGraphHostNodeGetParams(node, &host)))
        {
            call.Write(call.Session.Host.CallbackOf(host.userData));
        }
    }

    public static void cuGraphChildGraphNodeGetGraph(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode, out nint id));
        if (!call.Begin())
        {
            return;
        }

        CUgraph inner;
        if (call.Reply(driver.cuGraphChildGraphNodeGetGraph(node, &inner)))
        {
            nint outer = call.Session.Handles.ParentOf(id);
            if (call.Session.Handles.TryResolve(outer, out nint graph) && call.Session.Graphs.FindGraph(graph) is not null)
            {
                call.Session.Graphs.Share(inner.Value, graph);
            }

            call.WriteHandle(HandleKind.CUgraph, inner.Value, outer);
        }
    }

    public static void cuGraphEventRecordNodeGetEvent(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUevent mark;
        if (call.Reply(driver.cuGraphEventRecordNodeGetEvent(node, &mark)))
        {
            call.WriteHandle(HandleKind.CUevent, mark.Value);
        }
    }

    public static void cuGraphEventWaitNodeGetEvent(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUevent mark;
        if (call.Reply(driver.cuGraphEventWaitNodeGetEvent(node, &mark)))
        {
            call.WriteHandle(HandleKind.CUevent, mark.Value);
        }
    }

    public static void cuGraphMemAllocNodeGetParams(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUDA_MEM_ALLOC_NODE_PARAMS_v1 allocation;
        if (call.Reply(driver.cuGraphMemAllocNodeGetParams(node, &allocation)))
        {
            allocation.poolProps.win32SecurityAttributes = null;
            call.WriteStruct(&allocation.poolProps);
            call.Write(allocation.bytesize);
            call.Write(allocation.dptr.Value);
        }
    }

    public static void cuGraphMemFreeNodeGetParams(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUdeviceptr address;
        if (call.Reply(driver.cuGraphMemFreeNodeGetParams(node, &address)))
        {
            call.Write(address.Value);
        }
    }

    public static void cuGraphBatchMemOpNodeGetParams(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        if (!call.Begin())
        {
            return;
        }

        CUDA_BATCH_MEM_OP_NODE_PARAMS_v1 batch;
        if (call.Reply(driver.cuGraphBatchMemOpNodeGetParams(node, &batch)))
        {
            call.WriteHandle(HandleKind.CUcontext, batch.ctx.Value);
            call.Write(batch.flags);
            call.WriteArray(batch.paramArray, batch.count);
        }
    }

    public static void cuGraphKernelNodeGetAttribute(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        var attribute = (CUlaunchAttributeID)call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        CUlaunchAttributeValue value = default;
        if (call.Reply(driver.cuGraphKernelNodeGetAttribute(node, attribute, &value)))
        {
            call.WriteStruct(&value);
        }
    }

    public static void cuGraphKernelNodeSetAttribute(CudaDriver driver, ref ServerCall call)
    {
        var node = new CUgraphNode(call.ReadHandle(HandleKind.CUgraphNode));
        var attribute = (CUlaunchAttributeID)call.ReadUInt32();
        CUlaunchAttributeValue* value = call.ReadStruct<CUlaunchAttributeValue>();
        if (!call.Begin())
        {
            return;
        }

        // Those that hold a handle are of launches, not of nodes.
        bool holdsHandle = attribute is CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT
            or CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT
            or CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE;
        call.Reply(holdsHandle ? CUresult.CUDA_ERROR_INVALID_VALUE : driver.cuGraphKernelNodeSetAttribute(node, attribute, value));
    }

    public static void cuUserObjectCreate(CudaDriver driver, ref ServerCall call)
    {
        nint id = call.ReadNewHandle(HandleKind.CUuserObject);
        long callback = call.ReadInt64();
        uint references = call.ReadUInt32();
        uint flags = call.ReadUInt32();
        if (!call.Begin())
        {
            return;
        }

        HostFunction function = call.Session.Host.CreateFunction(0, callback, isLast: true);
        CUuserObject made;
        CUresult status = Given(ref call, function, driver.cuUserObjectCreate(&made, function.UserData, &CallFunction, references, flags));
        if (status == CUresult.CUDA_SUCCESS)
        {
            call.Bind(id, made.Value);
        }

        call.Reply(status);
    }

    // One value after the other as the function packs them; nothing where the driver cannot tell how.
    private static byte[] Gather(CudaDriver driver, CUfunction function, void** values)
    {
        byte[] packed = [];
        nuint offset, size;
        for (nuint index = 0; values != null && driver.cuFuncGetParamInfo(function, index, &offset, &size) == CUresult.CUDA_SUCCESS; index++)
        {
            Array.Resize(ref packed, checked((int)(offset + size)));
            // SAFETY: the driver gives a pointer to each of the function's parameters.
            new ReadOnlySpan<byte>(values[index], (int)size).CopyTo(packed.AsSpan((int)offset));
        }

        return packed;
    }
}
