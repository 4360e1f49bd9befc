using static CudaRpc.Driver.CUgraphNodeType;
using static CudaRpc.Driver.CUstreamCaptureMode;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Streams whose work is captured into graphs.</summary>
public sealed unsafe class CaptureTests
{
    [Fact]
    public void Capture_OfAllKindsOfWork_RunsNothingUntilItIsLaunched()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(8);
        bench.Write(memory, 0ul);
        uint* host = (uint*)bench.AllocateHost(4);
        uint seen = 0;
        CUstream stream = bench.NewStream();
        Begin(bench, stream);
        Bench.Must(bench.Driver.cuMemsetD32Async(memory, 5, 1, stream));
        Store(bench, stream, memory + 4, 6);
        Bench.Must(bench.Driver.cuMemcpyDtoHAsync_v2(host, memory + 4, 4, stream));
        Bench.Must(bench.Driver.cuLaunchHostFunc(stream, HostCall.Repeated, HostCall.Data((Action)(() => seen = *host))));
        CUgraph graph = End(bench, stream);

        Assert.Equal((0ul, 0u), (bench.Read<ulong>(memory), seen));
        Assert.Equal(
            [CU_GRAPH_NODE_TYPE_MEMSET, CU_GRAPH_NODE_TYPE_KERNEL, CU_GRAPH_NODE_TYPE_MEMCPY, CU_GRAPH_NODE_TYPE_HOST], Types(bench, graph));
        Bench.Must(bench.Driver.cuGraphLaunch(GraphTests.Instantiate(bench, graph), stream));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));
        Assert.Equal((5u, 6u, 6u), (bench.Read<uint>(memory), bench.Read<uint>(memory + 4), seen));
    }

    [Fact]
    public void Replay_OfACopyFromTheHost_TakesWhatIsThereThen()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        uint pageable = 1;
        CUstream stream = bench.NewStream();
        Begin(bench, stream);
        Bench.Must(bench.Driver.cuMemcpyHtoDAsync_v2(memory, &pageable, 4, stream));
        CUgraphExec instance = GraphTests.Instantiate(bench, End(bench, stream));
        for (uint value = 10; value < 20; value++)
        {
            pageable = value;
            Bench.Must(bench.Driver.cuGraphLaunch(instance, stream));
            Bench.Must(bench.Driver.cuStreamSynchronize(stream));
            Assert.Equal(value, bench.Read<uint>(memory));
        }
    }

    [Fact]
    public void Fork_AndJoin_ByEvents_MakeADiamond()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(16);
        CUstream first = bench.NewStream(), second = bench.NewStream();
        CUevent fork = bench.NewEvent(), join = bench.NewEvent();
        Begin(bench, first);
        Store(bench, first, memory, 1);
        Bench.Must(bench.Driver.cuEventRecord(fork, first));
        Bench.Must(bench.Driver.cuStreamWaitEvent(second, fork, 0));
        Store(bench, second, memory + 4, 2);
        Store(bench, first, memory + 8, 3);
        Bench.Must(bench.Driver.cuEventRecord(join, second));
        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE, Status(bench, second));
        Bench.Must(bench.Driver.cuStreamWaitEvent(first, join, 0));
        Store(bench, first, memory + 12, 4);
        CUgraph graph = End(bench, first);

        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE, Status(bench, second));
        nuint edges, last = 10;
        Bench.Must(bench.Driver.cuGraphGetEdges_v2(graph, null, null, null, &edges));
        CUgraphNode* before = stackalloc CUgraphNode[10];
        Bench.Must(bench.Driver.cuGraphNodeGetDependencies_v2(GraphTests.Nodes(bench, graph)[3], before, null, &last));
        Assert.Equal(((nuint)4, (nuint)2), (edges, last));
    }

    [Fact]
    public void End_WithAStreamThatWasNotJoined_Fails()
    {
        using var bench = new Bench();
        CUstream first = bench.NewStream(), second = bench.NewStream();
        CUevent fork = bench.NewEvent();
        CUdeviceptr memory = bench.Allocate(4);
        Begin(bench, first);
        Store(bench, first, memory, 1);
        Bench.Must(bench.Driver.cuEventRecord(fork, first));
        Bench.Must(bench.Driver.cuStreamWaitEvent(second, fork, 0));
        Store(bench, second, memory, 2);
        CUgraph graph;

        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, bench.Driver.cuStreamEndCapture(second, &graph));
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, bench.Driver.cuStreamEndCapture(first, &graph));
        Assert.Equal(default, graph);
        Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE, Status(bench, first));
        Assert.Equal(CUDA_ERROR_ILLEGAL_STATE, bench.Driver.cuStreamEndCapture(first, &graph));
    }

    [Fact]
    public void WhatACaptureDoesNotSurvive_EndsIt()
    {
        CUresult Spoil(Func<Bench, CUstream, CUdeviceptr, CUresult> call)
        {
            using var bench = new Bench();
            CUdeviceptr memory = bench.Allocate(4);
            CUstream stream = bench.NewStream();
            Begin(bench, stream);
            Store(bench, stream, memory, 1);
            CUresult result = call(bench, stream, memory);
            Assert.Equal(CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_INVALIDATED, Status(bench, stream));
            Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, bench.Driver.cuMemsetD8Async(memory, 0, 1, stream));
            CUgraph graph;
            Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, bench.Driver.cuStreamEndCapture(stream, &graph));
            return result;
        }

        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Spoil(static (bench, stream, _) => bench.Driver.cuStreamSynchronize(stream)));
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Spoil(static (bench, stream, _) => bench.Driver.cuStreamQuery(stream)));
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, Spoil(static (bench, _, memory) => bench.Driver.cuMemsetD8_v2(memory, 0, 1)));
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Spoil(static (bench, _, memory) => bench.Driver.cuMemFree_v2(memory)));
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, Spoil(static (bench, _, _) => bench.Driver.cuCtxSynchronize()));
        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, Spoil(static (bench, stream, _) =>
        {
            CUevent outside = bench.NewEvent();
            Bench.Must(bench.Driver.cuEventRecord(outside, bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING)));
            return bench.Driver.cuStreamWaitEvent(stream, outside, 0);
        }));
        Assert.Equal(CUDA_ERROR_CAPTURED_EVENT, Spoil(static (bench, stream, _) =>
        {
            CUevent inside = bench.NewEvent();
            Bench.Must(bench.Driver.cuEventRecord(inside, stream));
            return bench.Driver.cuEventSynchronize(inside);
        }));
    }

    [Fact]
    public void Mode_OfTheThread_LetsItAllocate()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        Begin(bench, stream);
        CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
        Bench.Must(bench.Driver.cuThreadExchangeStreamCaptureMode(&mode));

        bench.Allocate(16);

        Assert.Equal(CU_STREAM_CAPTURE_MODE_GLOBAL, mode);
        Bench.Must(bench.Driver.cuThreadExchangeStreamCaptureMode(&mode));
        End(bench, stream);
    }

    [Fact]
    public void Memory_AllocatedWhileCapturing_IsTheGraphs()
    {
        using var bench = new Bench();
        CUdeviceptr result = bench.Allocate(4), memory;
        CUstream stream = bench.NewStream();
        Begin(bench, stream);
        Bench.Must(bench.Driver.cuMemAllocAsync(&memory, 4, stream));
        Store(bench, stream, memory, 8);
        Bench.Must(bench.Driver.cuMemcpyDtoDAsync_v2(result, memory, 4, stream));
        Bench.Must(bench.Driver.cuMemFreeAsync(memory, stream));
        CUgraph graph = End(bench, stream);

        Assert.Equal([CU_GRAPH_NODE_TYPE_MEM_ALLOC, CU_GRAPH_NODE_TYPE_KERNEL, CU_GRAPH_NODE_TYPE_MEMCPY, CU_GRAPH_NODE_TYPE_MEM_FREE], Types(bench, graph));
        CUgraphExec instance = GraphTests.Instantiate(bench, graph);
        Bench.Must(bench.Driver.cuGraphLaunch(instance, stream));
        Bench.Must(bench.Driver.cuGraphLaunch(instance, stream));
        Bench.Must(bench.Driver.cuStreamSynchronize(stream));
        Assert.Equal(8u, bench.Read<uint>(result));
    }

    [Fact]
    public void CaptureInfo_OfAStream_NamesGraphAndEnds_WhichCanBeChanged()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        CUstream stream = bench.NewStream();
        Begin(bench, stream);
        Store(bench, stream, memory, 1);
        CUstreamCaptureStatus status;
        ulong id;
        CUgraph graph;
        CUgraphNode* ends;
        nuint count;
        Bench.Must(bench.Driver.cuStreamGetCaptureInfo_v3(stream, &status, &id, &graph, &ends, null, &count));
        Assert.Equal(((nuint)1, GraphTests.Nodes(bench, graph)[0]), (count, ends[0]));
        CUgraphNode empty;
        Bench.Must(bench.Driver.cuGraphAddEmptyNode(&empty, graph, ends, 1));
        Bench.Must(bench.Driver.cuStreamUpdateCaptureDependencies(stream, &empty, 1, 1));
        Store(bench, stream, memory, 2);

        CUgraph captured = End(bench, stream);

        Assert.Equal(graph, captured);
        CUgraphNode last = GraphTests.Nodes(bench, graph)[2], before;
        nuint one = 1;
        Bench.Must(bench.Driver.cuGraphNodeGetDependencies(last, &before, &one));
        Assert.Equal(empty, before);
    }

    [Fact]
    public void Capture_ToAGraph_AddsToIt()
    {
        using var bench = new Bench();
        CUdeviceptr memory = bench.Allocate(4);
        CUgraph graph = GraphTests.Create(bench), same;
        CUgraphNode empty;
        Bench.Must(bench.Driver.cuGraphAddEmptyNode(&empty, graph, null, 0));
        CUstream stream = bench.NewStream();

        Bench.Must(bench.Driver.cuStreamBeginCaptureToGraph(stream, graph, &empty, null, 1, CU_STREAM_CAPTURE_MODE_GLOBAL));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, bench.Driver.cuGraphDestroy(graph));
        Store(bench, stream, memory, 1);
        Bench.Must(bench.Driver.cuStreamEndCapture(stream, &same));

        Assert.Equal(graph, same);
        Assert.Equal(2, GraphTests.Nodes(bench, graph).Length);
    }

    [Fact]
    public void End_OnAnotherThread_IsForRelaxedCapturesOnly()
    {
        using var bench = new Bench();
        CUstream stream = bench.NewStream();
        Begin(bench, stream);
        CUresult other = CUDA_SUCCESS;
        var thread = new Thread(() =>
        {
            CUgraph graph;
            other = bench.Driver.cuStreamEndCapture(stream, &graph);
        });
        thread.Start();
        thread.Join();

        Assert.Equal(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, other);
        End(bench, stream);
    }

    private static void Begin(Bench bench, CUstream stream) =>
        Bench.Must(bench.Driver.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));

    private static CUgraph End(Bench bench, CUstream stream)
    {
        CUgraph graph;
        Bench.Must(bench.Driver.cuStreamEndCapture(stream, &graph));
        return graph;
    }

    private static void Store(Bench bench, CUstream stream, CUdeviceptr target, uint value)
    {
        ulong address = target.Value;
        void** parameters = stackalloc void*[] { &address, &value };
        Bench.Must(bench.Driver.cuLaunchKernel(bench.GetFunction("store"), 1, 1, 1, 1, 1, 1, 0, stream, parameters, null));
    }

    private static CUstreamCaptureStatus Status(Bench bench, CUstream stream)
    {
        CUstreamCaptureStatus status;
        Bench.Must(bench.Driver.cuStreamIsCapturing(stream, &status));
        return status;
    }

    private static CUgraphNodeType[] Types(Bench bench, CUgraph graph) =>
        [.. GraphTests.Nodes(bench, graph).Select(node =>
        {
            CUgraphNodeType type;
            Bench.Must(bench.Driver.cuGraphNodeGetType(node, &type));
            return type;
        })];
}
