using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

internal static unsafe partial class GoodCalls
{
    private static readonly (string Functions, Action<GoodCall> Complete)[] s_others =
    [
        ("cuDeviceGetAttribute", static call => call.Set("attrib", CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE)),
        ("cuDeviceGetName cuDeviceGetPCIBusId", static call => call.Set("len", 32)),
        ("cuDeviceGetByPCIBusId", static call =>
        {
            byte* name = stackalloc byte[32];
            Cuda.Ok(call.At.Driver.cuDeviceGetPCIBusId(name, 32, 0));
            call.Text("pciBusId", System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name)!);
        }),
        ("cuDeviceGetP2PAttribute", static call =>
        {
            call.Set("attrib", CUdevice_P2PAttribute.CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED);
            call.Set("dstDevice", 1);
        }),
        ("cuDeviceGetTexture1DLinearMaxWidth", static call => call.Set("format", CUarray_format.CU_AD_FORMAT_FLOAT)),
        ("cuDeviceGetTexture1DLinearMaxWidth", static call => call.Set("numChannels", 1)),
        ("cuDeviceGetDevResource cuCtxGetDevResource cuGreenCtxGetDevResource",
            static call => call.Set("type", CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM)),
        ("cuDevResourceGenerateDesc", static call =>
        {
            call.Put("resources", Multiprocessors(call));
            call.Set("nbResources", 1);
        }),
        ("cuGreenCtxRecordEvent cuGreenCtxWaitEvent", static call => call.Set("hEvent", call.At.Once("green event", () =>
        {
            CUcontext context;
            Cuda.Ok(call.At.Driver.cuCtxFromGreenCtx(&context, Handle<CUgreenCtx>(call)));
            Cuda.Ok(call.At.Driver.cuCtxSetCurrent(context));
            CUevent created = call.At.Driver.CreateEvent();
            Cuda.Ok(call.At.Driver.cuCtxSetCurrent(call.At.Context));
            return created.Value;
        }))),
        ("cuDevSmResourceSplitByCount", static call =>
        {
            call.Put("input", Multiprocessors(call));
            call.Put<uint>("nbGroups", 1);
            call.Set("minCount", 2);
        }),
        ("cuGreenCtxCreate", static call => call.Set("flags", (uint)CUgreenCtxCreate_flags.CU_GREEN_CTX_DEFAULT_STREAM)),
        ("cuGreenCtxStreamCreate", static call => call.Set("flags", (uint)CUstream_flags.CU_STREAM_NON_BLOCKING)),
        ("cuDevicePrimaryCtxRelease cuDevicePrimaryCtxRelease_v2", static call => call.At.Once("primary", () =>
        {
            CUcontext context;
            Cuda.Ok(call.At.Driver.cuDevicePrimaryCtxRetain(&context, 0));
            return context;
        })),
        ("cuDeviceSetGraphMemAttribute", static call => call.Set("attr", CUgraphMem_attribute.CU_GRAPH_MEM_ATTR_USED_MEM_HIGH)),
        ("cuCtxEnablePeerAccess", static call =>
        {
            call.Set("peerContext", Peer(call).Value);
            call.Set("Flags", 0);
        }),
        ("cuCtxDisablePeerAccess", static call =>
        {
            call.Set("peerContext", Peer(call).Value);
            call.At.Once("access", () =>
            {
                Cuda.Ok(call.At.Driver.cuCtxEnablePeerAccess(Peer(call), 0));
                return true;
            });
        }),
        ("cuCtxCreate_v3", static call =>
        {
            call.Set("paramsArray", null);
            call.Set("numParams", 0);
        }),
        ("cuEventElapsedTime cuEventElapsedTime_v2", static call => Cuda.Ok(call.At.Driver.cuEventRecord(Handle<CUevent>(call), default))),
        ("cuCoredumpGetAttribute cuCoredumpGetAttributeGlobal cuCoredumpSetAttribute cuCoredumpSetAttributeGlobal", static call =>
        {
            call.Set("attrib", CUcoredumpSettings.CU_COREDUMP_GENERATION_FLAGS);
            call.Put<nuint>("size", 4);
        }),
        ("cuGetProcAddress cuGetProcAddress_v2", static call =>
        {
            call.Text("symbol", "cuInit");
            call.Set("cudaVersion", 12000);
        }),
        ("cuLogsDumpToFile", static call => call.Text("pathToFile", Path.Combine(AppContext.BaseDirectory, "bad-calls.log"))),
        ("cuLogsDumpToFile cuLogsDumpToMemory", static call => call.Set("iterator", null)),
        ("cuLogsDumpToMemory", static call => call.Put<nuint>("size", 4096)),
        ("cuIpcGetEventHandle", static call => call.Set("event", call.At.Once("shared event", () =>
        {
            CUevent created;
            const uint Shared = (uint)(CUevent_flags.CU_EVENT_INTERPROCESS | CUevent_flags.CU_EVENT_DISABLE_TIMING);
            Cuda.Ok(call.At.Driver.cuEventCreate(&created, Shared));
            return created.Value;
        }))),
        ("cuCheckpointProcessGetState", static call => call.Set("pid", Environment.ProcessId)),
        ("cuProfilerInitialize", static call => call.Set("outputMode", CUoutput_mode.CU_OUT_CSV)),
    ];

    private static CUdevResource_v1 Multiprocessors(GoodCall call)
    {
        CUdevResource_v1 all;
        Cuda.Ok(call.At.Driver.cuDeviceGetDevResource(0, &all, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        return all;
    }

    private static CUcontext Peer(GoodCall call) => call.At.Once("peer", () =>
    {
        CUcontext context, popped;
        Cuda.Ok(call.At.Driver.cuCtxCreate_v2(&context, 0, 1));
        Cuda.Ok(call.At.Driver.cuCtxPopCurrent_v2(&popped));
        return context;
    });
}
