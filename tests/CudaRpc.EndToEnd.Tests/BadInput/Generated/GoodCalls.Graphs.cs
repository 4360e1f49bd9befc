using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

internal static unsafe partial class GoodCalls
{
    private static readonly (string Functions, Action<GoodCall> Complete)[] s_graphs =
    [
        ("cuGraphAddEmptyNode cuGraphAddKernelNode cuGraphAddKernelNode_v2 cuGraphAddMemsetNode cuGraphAddMemcpyNode cuGraphAddHostNode "
            + "cuGraphAddChildGraphNode cuGraphAddEventRecordNode cuGraphAddEventWaitNode cuGraphAddBatchMemOpNode cuGraphAddMemAllocNode "
            + "cuGraphAddNode cuGraphAddNode_v2",
            static call =>
            {
                call.Set("hGraph", Graph(call).Graph.Value);
                call.Put("dependencies", Graph(call)["Empty"]);
            }),
        ("cuGraphAddMemFreeNode", static call =>
        {
            call.Set("hGraph", Graph(call).MemoryGraph.Value);
            call.Put("dependencies", Graph(call).Allocation);
            call.Set("dptr", Graph(call).Unfreed);
        }),
        ("cuGraphAddChildGraphNode cuGraphExecChildGraphNodeSetParams", static call => call.Set("childGraph", Graph(call).Child.Value)),
        ("cuGraphKernelNode* cuGraphMemsetNode* cuGraphMemcpyNode* cuGraphHostNode* cuGraphChildGraphNode* cuGraphEventRecordNode* "
            + "cuGraphEventWaitNode* cuGraphBatchMemOpNode* cuGraphMemAllocNode* cuGraphMemFreeNode*",
            static call =>
            {
                if (call.Has("hNode"))
                {
                    call.Set("hNode", Graph(call)[GoodGraph.TypeOf(call.Function.Name)].Value);
                }
            }),
        ("cuGraphExecKernelNode* cuGraphExecMemsetNode* cuGraphExecMemcpyNode* cuGraphExecHostNode* cuGraphExecChildGraphNode* "
            + "cuGraphExecEventRecordNode* cuGraphExecEventWaitNode* cuGraphExecBatchMemOpNode*",
            static call =>
            {
                call.Set("hGraphExec", Graph(call).Instance.Value);
                call.Set("hNode", Graph(call)[GoodGraph.TypeOf(call.Function.Name)].Value);
            }),
        ("cuGraphExecNodeSetParams cuGraphNodeSetParams cuGraphNodeGetEnabled cuGraphNodeSetEnabled",
            static call => call.Set("hNode", Graph(call)["Kernel"].Value)),
        ("cuGraphExecNodeSetParams cuGraphNodeGetEnabled cuGraphNodeSetEnabled",
            static call => call.Set("hGraphExec", Graph(call).Instance.Value)),
        ("cuGraphAddKernelNode cuGraphAddKernelNode_v2 cuGraphKernelNodeSetParams cuGraphKernelNodeSetParams_v2 "
            + "cuGraphExecKernelNodeSetParams cuGraphExecKernelNodeSetParams_v2",
            static call => call.Put("nodeParams", GoodGraph.Kernel(call.At) with { kernelParams = Parameters(call) })),
        ("cuGraphAddMemsetNode", static call => call.Put("memsetParams", GoodGraph.Set(call.At))),
        ("cuGraphExecMemsetNodeSetParams", static call => call.Put("memsetParams", GoodGraph.Set(call.At) with { pitch = 64 })),
        ("cuGraphMemsetNodeSetParams", static call => call.Put("nodeParams", GoodGraph.Set(call.At))),
        ("cuGraphAddMemcpyNode cuGraphExecMemcpyNodeSetParams",
            static call => call.Put("copyParams", GoodGraph.Copy(call.At, call.Room()))),
        ("cuGraphMemcpyNodeSetParams", static call => call.Put("nodeParams", Copy3D(call, call.Room()))),
        ("cuGraphAddHostNode cuGraphHostNodeSetParams cuGraphExecHostNodeSetParams", static call => call.Put("nodeParams", GoodGraph.Host)),
        ("cuGraphAddBatchMemOpNode cuGraphBatchMemOpNodeSetParams cuGraphExecBatchMemOpNodeSetParams", static call =>
            call.Put("nodeParams", new CUDA_BATCH_MEM_OP_NODE_PARAMS_v1
            {
                ctx = call.At.Context, count = 1, paramArray = call.Beside("paramArray", GoodGraph.Write(call.At)),
            })),
        ("cuStreamBatchMemOp cuStreamBatchMemOp_v2", static call => call.Put("paramArray", "writeValue", GoodGraph.Write(call.At))),
        ("cuGraphAddMemAllocNode", static call => call.Put("nodeParams", new CUDA_MEM_ALLOC_NODE_PARAMS_v1
        {
            poolProps = PoolProperties, bytesize = 64, accessDescs = call.Beside("accessDescs", Access), accessDescCount = 1,
        })),
        ("cuGraphAddNode cuGraphAddNode_v2 cuGraphNodeSetParams cuGraphExecNodeSetParams", static call =>
        {
            CUDA_KERNEL_NODE_PARAMS_v2 kernel = GoodGraph.Kernel(call.At) with { kernelParams = Parameters(call) };
            CUgraphNodeParams parameters = new() { type = CUgraphNodeType.CU_GRAPH_NODE_TYPE_KERNEL };
            parameters.kernel = *(CUDA_KERNEL_NODE_PARAMS_v3*)&kernel;
            call.Put("nodeParams", "kernel", parameters);
        }),
        ("cuGraphAddDependencies cuGraphAddDependencies_v2", static call =>
        {
            call.Set("hGraph", Graph(call).Graph.Value);
            call.Put("from", Graph(call)["After"]);
            call.Put("to", Graph(call)["Kernel"]);
        }),
        ("cuGraphRemoveDependencies cuGraphRemoveDependencies_v2", static call =>
        {
            call.Set("hGraph", Graph(call).Graph.Value);
            call.Put("from", Graph(call)["Empty"]);
            call.Put("to", Graph(call)["After"]);
        }),
        ("cuGraphKernelNodeCopyAttributes", static call =>
        {
            call.Set("dst", Graph(call)["Kernel"].Value);
            call.Set("src", Graph(call)["Kernel"].Value);
        }),
        ("cuGraphKernelNodeGetAttribute cuGraphKernelNodeSetAttribute cuStreamGetAttribute cuStreamSetAttribute", static call =>
            call.Set("attr", CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_PRIORITY)),
        ("cuGraphNodeFindInClone", static call =>
        {
            call.Set("hOriginalNode", Graph(call)["Empty"].Value);
            call.Set("hClonedGraph", call.At.Once("clone", () =>
            {
                CUgraph clone;
                Cuda.Ok(call.At.Driver.cuGraphClone(&clone, Graph(call).Graph));
                return clone.Value;
            }));
        }),
        ("cuGraphReleaseUserObject", static call => call.At.Once("kept object", () =>
        {
            Cuda.Ok(call.At.Driver.cuGraphRetainUserObject(Handle<CUgraph>(call), Handle<CUuserObject>(call), 1, 0));
            return true;
        })),
        ("cuGraphRetainUserObject", static call => call.Set("flags", 0)),
        ("cuUserObjectCreate", static call =>
        {
            call.Set("initialRefcount", 1);
            call.Set("flags", (uint)CUuserObject_flags.CU_USER_OBJECT_NO_DESTRUCTOR_SYNC);
        }),
        ("cuGraphDebugDotPrint", static call => call.Text("path", Path.Combine(AppContext.BaseDirectory, "bad-calls.dot"))),
        ("cuGraphExecUpdate", static call =>
        {
            call.Set("hGraphExec", Graph(call).Instance.Value);
            call.Set("hGraph", Graph(call).Graph.Value);
        }),
        ("cuStreamBeginCapture cuStreamBeginCapture_v2 cuStreamBeginCaptureToGraph", static call => call.Afterwards = () => End(call)),
        ("cuStreamBeginCaptureToGraph", static call =>
        {
            call.Put("dependencies", Handle<CUgraphNode>(call));
            call.Set("mode", CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED);
        }),
        ("cuStreamEndCapture cuStreamUpdateCaptureDependencies cuStreamUpdateCaptureDependencies_v2", static call =>
        {
            Cuda.Ok(call.At.Driver.cuStreamBeginCapture_v2(Handle<CUstream>(call), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
            call.Afterwards = () => End(call);
        }),
        ("cuStreamUpdateCaptureDependencies cuStreamUpdateCaptureDependencies_v2", static call =>
        {
            CUstreamCaptureStatus status;
            CUgraph graph;
            CUgraphNode node;
            Cuda.Ok(call.At.Driver.cuStreamGetCaptureInfo_v2(Handle<CUstream>(call), &status, null, &graph, null, null));
            Cuda.Ok(call.At.Driver.cuGraphAddEmptyNode(&node, graph, null, 0));
            call.Put("dependencies", node);
            call.Set("numDependencies", 1);
        }),
        ("cuStreamUpdateCaptureDependencies_v2", static call => call.Put("dependencyData", default(CUgraphEdgeData))),
    ];

    private static GoodGraph Graph(GoodCall call) => GoodGraph.Of(call.At);

    private static void** Parameters(GoodCall call) => (void**)call.Beside("parameters", (nint)Argument(call));

    // What a kernel makes of its argument is its own business.
    private static byte* Argument(GoodCall call)
    {
        byte* room = call.Room();
        *(CUdeviceptr*)room = call.At.Memory;
        return room;
    }

    private static void End(GoodCall call)
    {
        CUgraph graph;
        call.At.Driver.cuStreamEndCapture(Handle<CUstream>(call), &graph);
    }
}
