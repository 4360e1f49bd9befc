using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>How a handle of a kind is made and ended. What is not remoted makes none.</summary>
internal sealed unsafe record HandleMaker(
    HandleKind Kind, Func<BadCallSession, nint?> Make, Action<BadCallSession, nint>? Destroy)
{
    public static IReadOnlyList<HandleMaker> All { get; } =
    [
        new(HandleKind.CUcontext, Context, static (at, id) => Cuda.Ok(at.Driver.cuCtxDestroy_v2(new(id)))),
        new(HandleKind.CUstream, static at => at.Driver.CreateStream().Value, static (at, id) => Cuda.Ok(at.Driver.cuStreamDestroy_v2(new(id)))),
        new(HandleKind.CUevent, static at => at.Driver.CreateEvent().Value, static (at, id) => Cuda.Ok(at.Driver.cuEventDestroy_v2(new(id)))),
        new(HandleKind.CUmodule, static at => at.LoadModule().Value, static (at, id) => Cuda.Ok(at.Driver.cuModuleUnload(new(id)))),
        new(HandleKind.CUfunction, static at => at.Driver.Function(at.LoadModule(), "k").Value, UnloadOf),
        new(HandleKind.CUlibrary, static at => at.LoadLibrary()?.Value, static (at, id) => Cuda.Ok(at.Driver.cuLibraryUnload(new(id)))),
        new(HandleKind.CUkernel, Kernel, UnloadOfKernel),
        new(HandleKind.CUmemoryPool, Pool, static (at, id) => Cuda.Ok(at.Driver.cuMemPoolDestroy(new(id)))),
        new(HandleKind.CUasyncCallbackHandle, Notification, static (at, id) => Cuda.Ok(at.Driver.cuDeviceUnregisterAsyncNotification(0, new(id)))),
        new(HandleKind.CUarray, Array, static (at, id) => Cuda.Ok(at.Driver.cuArrayDestroy(new(id)))),
        new(HandleKind.CUmipmappedArray, MipmappedArray, static (at, id) => Cuda.Ok(at.Driver.cuMipmappedArrayDestroy(new(id)))),
        new(HandleKind.CUtexref, TexRef, static (at, id) => Cuda.Ok(at.Driver.cuTexRefDestroy(new(id)))),
        new(HandleKind.CUlinkState, LinkState, static (at, id) => Cuda.Ok(at.Driver.cuLinkDestroy(new(id)))),
        new(HandleKind.CUgraph, Graph, static (at, id) => Cuda.Ok(at.Driver.cuGraphDestroy(new(id)))),
        new(HandleKind.CUgraphNode, Node, static (at, id) => Cuda.Ok(at.Driver.cuGraphDestroyNode(new(id)))),
        new(HandleKind.CUgraphExec, GraphExec, static (at, id) => Cuda.Ok(at.Driver.cuGraphExecDestroy(new(id)))),
        new(HandleKind.CUuserObject, UserObject, static (at, id) => Cuda.Ok(at.Driver.cuUserObjectRelease(new(id), 1))),
        new(HandleKind.CUsurfref, SurfRef, null),
        new(HandleKind.CUdevResourceDesc, Description, null),
        new(HandleKind.CUgreenCtx, GreenContext, static (at, id) => Cuda.Ok(at.Driver.cuGreenCtxDestroy(new(id)))),
        new(HandleKind.CUlogsCallbackHandle, LogsCallback, static (at, id) => Cuda.Ok(at.Driver.cuLogsUnregisterCallback(new(id)))),
    ];

    /// <summary>The one for a kind, or null.</summary>
    public static HandleMaker? Of(HandleKind kind) => All.FirstOrDefault(maker => maker.Kind == kind);

    private static nint? Context(BadCallSession at)
    {
        CUcontext context = at.Driver.CreateContext(), popped;
        Cuda.Ok(at.Driver.cuCtxPopCurrent_v2(&popped));
        return context.Value;
    }

    private static void UnloadOf(BadCallSession at, nint id)
    {
        CUmodule module;
        Cuda.Ok(at.Driver.cuFuncGetModule(&module, new(id)));
        Cuda.Ok(at.Driver.cuModuleUnload(module));
    }

    private static nint? Kernel(BadCallSession at)
    {
        CUkernel kernel;
        fixed (byte* name = Cuda.Text("k"))
        {
            return at.LoadLibrary() is CUlibrary library ? If(at.Driver.cuLibraryGetKernel(&kernel, library, name), kernel.Value) : null;
        }
    }

    private static void UnloadOfKernel(BadCallSession at, nint id)
    {
        CUlibrary library;
        Cuda.Ok(at.Driver.cuKernelGetLibrary(&library, new(id)));
        Cuda.Ok(at.Driver.cuLibraryUnload(library));
    }

    private static nint? Pool(BadCallSession at)
    {
        CUmemoryPool pool;
        CUmemPoolProps_v1 properties = new() { allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED };
        properties.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        return If(at.Driver.cuMemPoolCreate(&pool, &properties), pool.Value);
    }

    private static nint? Notification(BadCallSession at)
    {
        CUasyncCallbackHandle handle;
        return If(at.Driver.cuDeviceRegisterAsyncNotification(0, (delegate* unmanaged[Cdecl]<CUasyncNotificationInfo*, void*, CUasyncCallbackHandle, void>)GoodCall.Callback, null, &handle), handle.Value);
    }

    internal static nint? Array(BadCallSession at)
    {
        CUarray array;
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = 4, Height = 4, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };
        return If(at.Driver.cuArrayCreate_v2(&array, &shape), array.Value);
    }

    private static nint? MipmappedArray(BadCallSession at)
    {
        CUmipmappedArray array;
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new() { Width = 4, Height = 4, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };
        return If(at.Driver.cuMipmappedArrayCreate(&array, &shape, 2), array.Value);
    }

    private static nint? TexRef(BadCallSession at)
    {
        CUtexref reference;
        return If(at.Driver.cuTexRefCreate(&reference), reference.Value);
    }

    private static nint? LinkState(BadCallSession at)
    {
        CUlinkState state;
        return If(at.Driver.cuLinkCreate_v2(0, null, null, &state), state.Value);
    }

    private static nint? Graph(BadCallSession at)
    {
        CUgraph graph;
        return If(at.Driver.cuGraphCreate(&graph, 0), graph.Value);
    }

    private static nint? Node(BadCallSession at)
    {
        CUgraphNode node;
        return If(at.Driver.cuGraphAddEmptyNode(&node, new(at.Live(HandleKind.CUgraph)), null, 0), node.Value);
    }

    private static nint? GraphExec(BadCallSession at)
    {
        CUgraphExec exec;
        return Graph(at) is nint graph ? If(at.Driver.cuGraphInstantiateWithFlags(&exec, new(graph), 0), exec.Value) : null;
    }

    private static nint? UserObject(BadCallSession at)
    {
        const uint NoSynchronization = (uint)CUuserObject_flags.CU_USER_OBJECT_NO_DESTRUCTOR_SYNC;
        CUuserObject created;
        return If(at.Driver.cuUserObjectCreate(&created, null, (delegate* unmanaged[Cdecl]<void*, void>)GoodCall.Callback, 1, NoSynchronization), created.Value);
    }

    private static nint? SurfRef(BadCallSession at)
    {
        CUsurfref reference;
        fixed (byte* name = Cuda.Text("canvas"))
        {
            return If(at.Driver.cuModuleGetSurfRef(&reference, new(at.Live(HandleKind.CUmodule)), name), reference.Value);
        }
    }

    private static nint? Description(BadCallSession at)
    {
        CUdevResource_v1 all;
        CUdevResourceDesc description;
        Cuda.Ok(at.Driver.cuDeviceGetDevResource(0, &all, CUdevResourceType.CU_DEV_RESOURCE_TYPE_SM));
        return If(at.Driver.cuDevResourceGenerateDesc(&description, &all, 1), description.Value);
    }

    private static nint? GreenContext(BadCallSession at)
    {
        CUgreenCtx context;
        CUdevResourceDesc description = new(at.Live(HandleKind.CUdevResourceDesc));
        return If(at.Driver.cuGreenCtxCreate(&context, description, 0, (uint)CUgreenCtxCreate_flags.CU_GREEN_CTX_DEFAULT_STREAM), context.Value);
    }

    private static nint? LogsCallback(BadCallSession at)
    {
        CUlogsCallbackHandle handle;
        var callback = (delegate* unmanaged[Cdecl]<void*, CUlogLevel, byte*, nuint, void>)GoodCall.Callback;
        return If(at.Driver.cuLogsRegisterCallback(callback, null, &handle), handle.Value);
    }

    // What is not remoted yet makes none.
    private static nint? If(CUresult status, nint value) => status == CUresult.CUDA_SUCCESS ? value : null;
}
