using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CudaRpc.Workloads;

/// <summary>One thread of a workload, with its streams, events and memory.</summary>
internal sealed unsafe class WorkloadThread : IDisposable
{
    private const int MostParameters = 64;

    private readonly CudaDriver _driver;
    private readonly Workload _workload;
    private readonly Dictionary<string, CUfunction> _functions;
    private readonly CUstream[] _streams;
    private readonly CUevent[] _events;
    private readonly CUdeviceptr _device;
    private readonly byte* _pinned;
    private readonly byte* _pageable;
    private readonly ulong* _values;
    private readonly void** _parameters;
    private readonly CUgraphExec _graph;

    // What the step made, for its end.
    private readonly List<CUevent> _ownEvents = [];
    private readonly List<CUstream> _ownStreams = [];
    private readonly List<CUdeviceptr> _ownMemory = [];

    public WorkloadThread(CudaDriver driver, Workload workload, Dictionary<string, CUfunction> functions)
    {
        (_driver, _workload, _functions) = (driver, workload, functions);
        _streams = new CUstream[1 + workload.Everything.Max(static op => op.Stream)];
        for (int i = 1; i < _streams.Length; i++)
        {
            _streams[i] = NewStream();
        }

        _events = new CUevent[1 + workload.Everything.Max(static op => op.Event)];
        for (int i = 0; i < _events.Length; i++)
        {
            _events[i] = NewEvent();
        }

        _device = NewMemory(Largest(static op => op.Kind is OpKind.CopyIn or OpKind.CopyOut or OpKind.Fill));
        if (Largest(static op => op.IsPinned) is > 0 and var pinned)
        {
            void* host;
            Must(driver.cuMemAllocHost_v2(&host, (nuint)pinned), "cuMemAllocHost");
            _pinned = (byte*)host;
        }

        // SAFETY: freed by Dispose. Each is as long as what is copied or passed: see Kernels of WorkloadProgram, and Largest.
        _pageable = (byte*)NativeMemory.AllocZeroed((nuint)Largest(static op => op.Kind is OpKind.CopyIn or OpKind.CopyOut && !op.IsPinned));
        _values = (ulong*)NativeMemory.AllocZeroed(MostParameters, sizeof(ulong));
        _parameters = (void**)NativeMemory.Alloc(MostParameters, (nuint)sizeof(void*));
        for (int i = 0; i < MostParameters; i++)
        {
            _values[i] = _device.Value;
            _parameters[i] = _values + i;
        }

        _graph = workload.Graph.Count == 0 ? default : Capture();
    }

    public void Step()
    {
        foreach (Op op in _workload.Step)
        {
            Do(op, _streams[op.Stream]);
        }

        Release();
    }

    public void Dispose()
    {
        if (_graph.Value != 0)
        {
            _driver.cuGraphExecDestroy(_graph);
        }

        for (int i = 1; i < _streams.Length; i++)
        {
            _driver.cuStreamDestroy_v2(_streams[i]);
        }

        Array.ForEach(_events, made => _driver.cuEventDestroy_v2(made));
        _driver.cuMemFree_v2(_device);
        if (_pinned != null)
        {
            _driver.cuMemFreeHost(_pinned);
        }

        NativeMemory.Free(_pageable);
        NativeMemory.Free(_values);
        NativeMemory.Free(_parameters);
    }

    private void Do(Op op, CUstream stream)
    {
        switch (op.Kind)
        {
            case OpKind.Launch:
                _values[0] = (ulong)op.Nanoseconds;
                Must(_driver.cuLaunchKernel(_functions[op.Kernel], op.Blocks, 1, 1, 32, 1, 1, 0, stream, _parameters, null), "cuLaunchKernel");
                break;
            case OpKind.CopyIn:
                Must(_driver.cuMemcpyHtoDAsync_v2(_device, Host(op), (nuint)op.Bytes, stream), "cuMemcpyHtoDAsync");
                break;
            case OpKind.CopyOut:
                Must(_driver.cuMemcpyDtoHAsync_v2(Host(op), _device, (nuint)op.Bytes, stream), "cuMemcpyDtoHAsync");
                break;
            case OpKind.Fill:
                Must(_driver.cuMemsetD8Async(_device, 0, (nuint)op.Bytes, stream), "cuMemsetD8Async");
                break;
            case OpKind.Record:
                Must(_driver.cuEventRecord(_events[op.Event], stream), "cuEventRecord");
                break;
            case OpKind.Wait:
                Must(_driver.cuStreamWaitEvent(stream, _events[op.Event], 0), "cuStreamWaitEvent");
                break;
            case OpKind.SynchronizeStream:
                Must(_driver.cuStreamSynchronize(stream), "cuStreamSynchronize");
                break;
            case OpKind.SynchronizeEvent:
                Must(_driver.cuEventSynchronize(_events[op.Event]), "cuEventSynchronize");
                break;
            case OpKind.PollEvent:
                while (IsPending(_driver.cuEventQuery(_events[op.Event]), "cuEventQuery"))
                {
                }

                break;
            case OpKind.PollStream:
                while (IsPending(_driver.cuStreamQuery(stream), "cuStreamQuery"))
                {
                }

                break;
            case OpKind.CreateEvent:
                _ownEvents.Add(NewEvent());
                break;
            case OpKind.CreateStream:
                _ownStreams.Add(NewStream());
                break;
            case OpKind.Allocate:
                _ownMemory.Add(NewMemory(op.Bytes));
                break;
            case OpKind.LaunchGraph:
                Must(_driver.cuGraphLaunch(_graph, stream), "cuGraphLaunch");
                break;
            case OpKind.Ask:
                int device;
                Must(_driver.cuCtxGetDevice(&device), "cuCtxGetDevice");
                break;
            case OpKind.Think:
                Think(op.Nanoseconds);
                break;
            default:
                throw new InvalidOperationException($"nothing does {op.Kind}");
        }
    }

    // Awake, as a program is that computes.
    private static void Think(long nanoseconds)
    {
        long until = Stopwatch.GetTimestamp() + (nanoseconds * Stopwatch.Frequency / 1_000_000_000);
        while (Stopwatch.GetTimestamp() < until)
        {
            Thread.SpinWait(1);
        }
    }

    private CUgraphExec Capture()
    {
        CUstream stream = NewStream();
        CUgraph graph;
        CUgraphExec instance;
        Must(_driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "cuStreamBeginCapture");
        foreach (Op op in _workload.Graph)
        {
            Do(op, stream);
        }

        Must(_driver.cuStreamEndCapture(stream, &graph), "cuStreamEndCapture");
        Must(_driver.cuGraphInstantiateWithFlags(&instance, graph, 0), "cuGraphInstantiate");
        Must(_driver.cuGraphDestroy(graph), "cuGraphDestroy");
        Must(_driver.cuStreamDestroy_v2(stream), "cuStreamDestroy");
        return instance;
    }

    private void Release()
    {
        _ownEvents.ForEach(made => Must(_driver.cuEventDestroy_v2(made), "cuEventDestroy"));
        _ownStreams.ForEach(made => Must(_driver.cuStreamDestroy_v2(made), "cuStreamDestroy"));
        _ownMemory.ForEach(made => Must(_driver.cuMemFree_v2(made), "cuMemFree"));
        _ownEvents.Clear();
        _ownStreams.Clear();
        _ownMemory.Clear();
    }

    private static bool IsPending(CUresult result, string call)
    {
        if (result == CUresult.CUDA_ERROR_NOT_READY)
        {
            return true;
        }

        Must(result, call);
        return false;
    }

    private byte* Host(Op op) => op.IsPinned ? _pinned : _pageable;

    private long Largest(Func<Op, bool> condition) => _workload.Everything.Where(condition).Select(static op => op.Bytes).Append(1).Max();

    private CUstream NewStream()
    {
        CUstream stream;
        Must(_driver.cuStreamCreate(&stream, (uint)CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
        return stream;
    }

    private CUevent NewEvent()
    {
        CUevent made;
        Must(_driver.cuEventCreate(&made, (uint)CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
        return made;
    }

    private CUdeviceptr NewMemory(long bytes)
    {
        CUdeviceptr memory;
        Must(_driver.cuMemAlloc_v2(&memory, (nuint)bytes), "cuMemAlloc");
        return memory;
    }

    private static void Must(CUresult result, string call) => WorkloadProgram.Must(result, call);
}
