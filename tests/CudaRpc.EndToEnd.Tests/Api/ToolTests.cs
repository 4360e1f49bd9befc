using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.EndToEnd.Tests.Api.Memory;
using static CudaRpc.Driver.CUcoredumpSettings;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Settings of core dumps and the program's log of its failures through a server, and handles of what cannot be remoted.</summary>
public sealed unsafe class ToolTests : IDisposable
{
    private readonly BareServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void CoreDumpSettings_AreTheServersDrivers()
    {
        Driver.CreateContext();
        uint flags = 6, read = 0;
        byte on = 1, first;
        byte* text = stackalloc byte[64];
        nuint size = sizeof(uint), one = 1;
        Cuda.Ok(Driver.cuCoredumpSetAttribute(CU_COREDUMP_GENERATION_FLAGS, &flags, &size));
        Cuda.Ok(Driver.cuCoredumpGetAttribute(CU_COREDUMP_GENERATION_FLAGS, &read, &size));
        Assert.Equal((6u, (nuint)4), (read, size));
        Cuda.Ok(Driver.cuCoredumpGetAttributeGlobal(CU_COREDUMP_GENERATION_FLAGS, &read, &size));
        Assert.Equal(0u, read);

        Cuda.Ok(Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, null, &size));
        Assert.InRange((int)size, 2, 63);
        Cuda.Ok(Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, text, &size));
        Assert.Equal((int)size - 1, Marshal.PtrToStringUTF8((nint)text)!.Length);
        Cuda.Ok(Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, &first, &one));
        Assert.Equal(text[0], first);
        one = 1;
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, Driver.cuCoredumpSetAttribute(CU_COREDUMP_ENABLE_ON_EXCEPTION, &on, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCoredumpSetAttribute((CUcoredumpSettings)99, &on, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCoredumpSetAttribute(CU_COREDUMP_TRIGGER_HOST, null, &one));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCoredumpGetAttribute(CU_COREDUMP_TRIGGER_HOST, &on, null));
    }

    [Fact]
    public void WhereTheServerWrites_IsNotForItsClientsToSay()
    {
        using var shared = new MemoryServer(shared: true);
        using RemoteDriver one = shared.Connect();
        byte off = 0;
        nuint size = 1;
        fixed (byte* path = Cuda.Text("/tmp/x"))
        {
            nuint length = 7;
            Assert.Equal(CUDA_ERROR_NOT_PERMITTED, one.cuCoredumpSetAttribute(CU_COREDUMP_FILE, path, &length));
            Assert.Equal(CUDA_ERROR_NOT_PERMITTED, Driver.cuCoredumpSetAttributeGlobal(CU_COREDUMP_PIPE, path, &length));
        }

        Assert.Equal(CUDA_ERROR_NOT_PERMITTED, one.cuCoredumpSetAttributeGlobal(CU_COREDUMP_TRIGGER_HOST, &off, &size));
        Cuda.Ok(Driver.cuCoredumpSetAttributeGlobal(CU_COREDUMP_TRIGGER_HOST, &off, &size));
    }

    [Fact]
    public void Log_NamesCallsThatFailed_PostedOnesToo()
    {
        Driver.CreateContext();
        CUdeviceptr address;
        CUevent created = Driver.CreateEvent();
        uint start;
        float time;
        Cuda.Ok(Driver.cuLogsCurrent(&start, 0));

        Assert.Equal(CUDA_ERROR_OUT_OF_MEMORY, Driver.cuMemAlloc_v2(&address, (nuint)1 << 45));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuMemFree_v2(new CUdeviceptr(12345)));
        Cuda.Ok(Driver.cuMemsetD8_v2(new CUdeviceptr(12345), 0, 1));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCtxSynchronize());
        Assert.NotEqual(CUDA_SUCCESS, Driver.cuEventElapsedTime(&time, created, created));

        string[] lines = Dump(&start).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("cuMemFree_v2: CUDA_ERROR_INVALID_VALUE", lines[1], StringComparison.Ordinal);
        Assert.Equal("cuMemsetD8_v2: CUDA_ERROR_INVALID_VALUE (posted earlier, returned by cuCtxSynchronize)", lines[2]);
        Assert.StartsWith("cuEventElapsedTime: ", lines[3], StringComparison.Ordinal);
        Assert.Equal("", Dump(&start));
    }

    [Fact]
    public void Log_KeepsTheNewest_AndSaysWhatIsMissing()
    {
        uint start;
        byte* buffer = stackalloc byte[128];
        nuint size = 128;
        Cuda.Ok(Driver.cuLogsCurrent(&start, 0));
        for (int i = 0; i < 150; i++)
        {
            Driver.cuMemFree_v2(new CUdeviceptr(1));
        }

        uint from = start;
        string all = Dump(&from);
        Cuda.Ok(Driver.cuLogsDumpToMemory(&start, buffer, &size, 0));

        Assert.StartsWith("[older messages are gone]\n", all, StringComparison.Ordinal);
        Assert.Equal(101, all.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        string few = Encoding.UTF8.GetString(buffer, (int)size);
        Assert.StartsWith("[older messages are gone]\n", few, StringComparison.Ordinal);
        Assert.EndsWith("cuMemFree_v2: CUDA_ERROR_INVALID_CONTEXT\n", few, StringComparison.Ordinal);
        size = 25601;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLogsDumpToMemory(null, buffer, &size, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLogsDumpToMemory(null, null, &size, 0));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLogsCurrent(&start, 1));
    }

    [Fact]
    public void Log_GoesToFiles_AndToTheProgramsFunction()
    {
        string path = Path.GetTempFileName();
        var lines = new List<string>();
        GCHandle target = GCHandle.Alloc(lines);
        CUlogsCallbackHandle handle;
        Cuda.Ok(Driver.cuLogsRegisterCallback(&Collect, (void*)GCHandle.ToIntPtr(target), &handle));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxSynchronize());
        Cuda.Ok(Driver.cuLogsUnregisterCallback(handle));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, Driver.cuCtxSynchronize());

        fixed (byte* name = Cuda.Text(path), nowhere = Cuda.Text("/nowhere/at/all"))
        {
            Cuda.Ok(Driver.cuLogsDumpToFile(null, name, 0));
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLogsDumpToFile(null, nowhere, 0));
        }

        Assert.Equal(["CU_LOG_LEVEL_ERROR cuCtxSynchronize: CUDA_ERROR_INVALID_CONTEXT"], lines);
        Assert.Equal(2, File.ReadAllLines(path).Count(static line => line == "cuCtxSynchronize: CUDA_ERROR_INVALID_CONTEXT"));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuLogsUnregisterCallback(handle));
        target.Free();
        File.Delete(path);
    }

    [Fact]
    public void HandlesOfWhatCannotBeRemoted_DoNotExist()
    {
        Driver.CreateContext();
        CUgraphicsResource resource = new(77);
        CUexternalSemaphore semaphore = new(77);
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS_v1 signal = default;
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS_v1 wait = default;
        CUDA_EXTERNAL_MEMORY_BUFFER_DESC_v1 buffer = default;
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC_v1 levels = default;
        CUarray array;
        CUmipmappedArray mipmapped;
        CUdeviceptr address;
        nuint size;
        CUprocessState state;

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsUnregisterResource(resource));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsMapResources(1, &resource, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuGraphicsMapResources(1, null, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsResourceGetMappedPointer_v2(&address, &size, resource));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsResourceSetMapFlags(resource, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsResourceSetMapFlags_v2(resource, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsSubResourceGetMappedArray(&array, resource, 0, 0));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsResourceGetMappedMipmappedArray(&mipmapped, resource));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuExternalMemoryGetMappedMipmappedArray(&mipmapped, new CUexternalMemory(5), &levels));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuExternalMemoryGetMappedBuffer(&address, new CUexternalMemory(5), &buffer));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphicsUnmapResources(1, &resource, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuDestroyExternalMemory(new CUexternalMemory(5)));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuWaitExternalSemaphoresAsync(&semaphore, &wait, 1, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuDestroyExternalSemaphore(semaphore));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuSignalExternalSemaphoresAsync(&semaphore, &signal, 1, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuSignalExternalSemaphoresAsync(&semaphore, null, 1, default));
        Cuda.Ok(Driver.cuCheckpointProcessGetState(Environment.ProcessId, &state));
        Assert.Equal(CUprocessState.CU_PROCESS_STATE_RUNNING, state);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuCheckpointProcessGetState(1, &state));
        Cuda.Ok(Driver.cuProfilerStart());
        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, Driver.cuFlushGPUDirectRDMAWrites(0, CUflushGPUDirectRDMAWritesScope.CU_FLUSH_GPU_DIRECT_RDMA_WRITES_TO_OWNER));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuFlushGPUDirectRDMAWrites(0, 0));
    }

    [Fact]
    public void ExternalSemaphoreNodes_NoSuchSemaphore_InvalidHandle()
    {
        CUgraph graph;
        CUgraphNode empty, node;
        CUgraphExec instance;
        Cuda.Ok(Driver.cuGraphCreate(&graph, 0));
        Cuda.Ok(Driver.cuGraphAddEmptyNode(&empty, graph, null, 0));
        Cuda.Ok(Driver.cuGraphInstantiateWithFlags(&instance, graph, 0));
        var semaphore = new CUexternalSemaphore(5);
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS_v1 value = default;
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS_v1 awaited = default;
        var signal = new CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1 { extSemArray = &semaphore, paramsArray = &value, numExtSems = 1 };
        var wait = new CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1 { extSemArray = &semaphore, paramsArray = &awaited, numExtSems = 1 };

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphAddExternalSemaphoresSignalNode(&node, graph, null, 0, &signal));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphAddExternalSemaphoresWaitNode(&node, graph, &empty, 1, &wait));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphExternalSemaphoresSignalNodeSetParams(empty, &signal));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphExternalSemaphoresWaitNodeSetParams(empty, &wait));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphExecExternalSemaphoresSignalNodeSetParams(instance, empty, &signal));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuGraphExecExternalSemaphoresWaitNodeSetParams(instance, empty, &wait));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuGraphExternalSemaphoresSignalNodeGetParams(empty, &signal));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuGraphExternalSemaphoresWaitNodeGetParams(empty, &wait));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuGraphAddExternalSemaphoresSignalNode(&node, graph, null, 0, null));
        signal.numExtSems = 0;
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuGraphAddExternalSemaphoresSignalNode(&node, graph, null, 0, &signal));
        Cuda.Ok(Driver.cuGraphExecDestroy(instance));
        Cuda.Ok(Driver.cuGraphDestroy(graph));
    }

    private string Dump(uint* iterator)
    {
        byte* buffer = stackalloc byte[25600];
        nuint size = 25600;
        Cuda.Ok(Driver.cuLogsDumpToMemory(iterator, buffer, &size, 0));
        return Encoding.UTF8.GetString(buffer, (int)size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Collect(void* data, CUlogLevel level, byte* message, nuint length) =>
        ((List<string>)GCHandle.FromIntPtr((nint)data).Target!).Add($"{level} {Encoding.UTF8.GetString(message, (int)length)}");
}
