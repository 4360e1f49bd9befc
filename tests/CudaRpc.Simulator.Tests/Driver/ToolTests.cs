using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static CudaRpc.Driver.CUcoredumpSettings;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Settings of core dumps, the driver's log, the profiler, and handles of what does not exist.</summary>
public sealed unsafe class ToolTests
{
    [Fact]
    public void CoreDumpSettings_AreKeptPerContext_AndOverTheGlobalOnes()
    {
        using var bench = new Bench();
        uint flags = 6, read = 0;
        nuint size = sizeof(uint);
        Bench.Must(bench.Driver.cuCoredumpSetAttributeGlobal(CU_COREDUMP_GENERATION_FLAGS, &flags, &size));
        Bench.Must(bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_GENERATION_FLAGS, &read, &size));
        Assert.Equal(6u, read);
        flags = 1;
        Bench.Must(bench.Driver.cuCoredumpSetAttribute(CU_COREDUMP_GENERATION_FLAGS, &flags, &size));

        Bench.Must(bench.Driver.cuCoredumpGetAttributeGlobal(CU_COREDUMP_GENERATION_FLAGS, &read, &size));
        Assert.Equal(6u, read);
        Bench.Must(bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_GENERATION_FLAGS, &read, &size));
        Assert.Equal((1u, (nuint)4), (read, size));
    }

    [Fact]
    public void CoreDumpFile_IsAText_WhoseSizeCanBeAsked()
    {
        using var bench = new Bench();
        byte* text = stackalloc byte[64];
        nuint size = 6;
        Bench.Must(bench.Driver.cuCoredumpSetAttribute(CU_COREDUMP_FILE, Bench.Text("a.bin"), &size));

        size = 0;
        Bench.Must(bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, null, &size));
        Assert.Equal((nuint)6, size);
        Bench.Must(bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, text, &size));
        Assert.Equal("a.bin", Marshal.PtrToStringUTF8((nint)text));
    }

    [Fact]
    public void CoreDumps_CannotBeSwitchedOn_AndBadSettingsAreRefused()
    {
        using var bench = new Bench();
        byte on = 1, off = 0;
        uint flags = 1 << 20;
        nuint size = 1, four = 4, none = 0;

        Assert.Equal(CUDA_ERROR_NOT_SUPPORTED, bench.Driver.cuCoredumpSetAttribute(CU_COREDUMP_ENABLE_ON_EXCEPTION, &on, &size));
        Bench.Must(bench.Driver.cuCoredumpSetAttribute(CU_COREDUMP_ENABLE_ON_EXCEPTION, &off, &size));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCoredumpSetAttribute(CU_COREDUMP_GENERATION_FLAGS, &flags, &four));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCoredumpSetAttribute((CUcoredumpSettings)99, &on, &size));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCoredumpSetAttribute(CU_COREDUMP_FILE, null, &size));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, &on, &none));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, &on, null));
        Bench.Must(bench.Driver.cuCtxSetCurrent(default));
        Assert.Equal(CUDA_ERROR_INVALID_CONTEXT, bench.Driver.cuCoredumpGetAttribute(CU_COREDUMP_FILE, null, &size));
        Bench.Must(bench.Driver.cuCoredumpGetAttributeGlobal(CU_COREDUMP_FILE, null, &size));
    }

    [Fact]
    public void Log_HasFaults_FromAnIteratorOn()
    {
        using var bench = new Bench();
        uint start;
        Bench.Must(bench.Driver.cuLogsCurrent(&start, 0));
        Assert.Equal("", Dump(bench, &start));
        Bench.Must(bench.Launch(bench.GetFunction("outside")));
        Assert.Equal(CUDA_ERROR_ILLEGAL_ADDRESS, bench.Driver.cuCtxSynchronize());

        string text = Dump(bench, &start);

        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS", text, StringComparison.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal("", Dump(bench, &start));
        Assert.Equal(text, Dump(bench, null));
    }

    [Fact]
    public void Log_CallsWhoAsked_UntilUnregistered()
    {
        using var bench = new Bench();
        var lines = new List<string>();
        GCHandle target = GCHandle.Alloc(lines);
        CUlogsCallbackHandle handle;
        CUmodule module;
        Bench.Must(bench.Driver.cuLogsRegisterCallback(&Collect, (void*)GCHandle.ToIntPtr(target), &handle));
        Assert.NotEqual(CUDA_SUCCESS, bench.Driver.cuModuleLoadData(&module, Bench.Text(".version 7.0\n.target sm_70\nrubbish")));
        Assert.Single(lines);

        Bench.Must(bench.Driver.cuLogsUnregisterCallback(handle));
        Assert.NotEqual(CUDA_SUCCESS, bench.Driver.cuModuleLoadData(&module, Bench.Text(".version 7.0\n.target sm_70\nrubbish")));

        Assert.Single(lines);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLogsUnregisterCallback(handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLogsRegisterCallback(null, null, &handle));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuLogsCurrent(null, 0));
        target.Free();
    }

    [Fact]
    public void HandlesOfOtherMachinery_DoNotExist()
    {
        using var bench = new Bench();
        CUgraphicsResource resource = new(77);
        CUexternalSemaphore semaphore = new(77);
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS_v1 wait = default;
        CUprocessState state;

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGraphicsUnregisterResource(resource));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGraphicsMapResources(1, &resource, default));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphicsUnmapResources(0, &resource, default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuDestroyExternalMemory(default));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuWaitExternalSemaphoresAsync(&semaphore, &wait, 1, default));
        Bench.Must(bench.Driver.cuCheckpointProcessGetState(Environment.ProcessId, &state));
        Assert.Equal(CUprocessState.CU_PROCESS_STATE_RUNNING, state);
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuCheckpointProcessGetState(-5, &state));
        Bench.Must(bench.Driver.cuProfilerStart());
        Bench.Must(bench.Driver.cuProfilerStop());
    }

    [Fact]
    public void ExternalSemaphoreNodes_NoSuchSemaphore_InvalidHandle()
    {
        using var bench = new Bench();
        CUgraph graph;
        CUgraphNode node, empty;
        Bench.Must(bench.Driver.cuGraphCreate(&graph, 0));
        Bench.Must(bench.Driver.cuGraphAddEmptyNode(&empty, graph, null, 0));
        CUexternalSemaphore semaphore = new(77);
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS_v1 value = default;
        CUDA_EXT_SEM_SIGNAL_NODE_PARAMS_v1 signal = new() { extSemArray = &semaphore, paramsArray = &value, numExtSems = 1 };
        CUDA_EXT_SEM_WAIT_NODE_PARAMS_v1 wait;

        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, bench.Driver.cuGraphAddExternalSemaphoresSignalNode(&node, graph, null, 0, &signal));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphAddExternalSemaphoresWaitNode(&node, graph, null, 0, null));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphExternalSemaphoresWaitNodeGetParams(empty, &wait));
    }

    private static string Dump(Bench bench, uint* iterator)
    {
        byte* buffer = stackalloc byte[4096];
        nuint size = 4096;
        Bench.Must(bench.Driver.cuLogsDumpToMemory(iterator, buffer, &size, 0));
        Assert.Equal(0, buffer[size]);
        return Encoding.UTF8.GetString(buffer, (int)size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Collect(void* data, CUlogLevel level, byte* message, nuint length) =>
        ((List<string>)GCHandle.FromIntPtr((nint)data).Target!).Add($"{level}: {Encoding.UTF8.GetString(message, (int)length)}");
}
