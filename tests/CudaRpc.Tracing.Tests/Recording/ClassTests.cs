using CudaRpc.Driver;

namespace CudaRpc.Tracing.Tests.Recording;

/// <summary>How calls through a real server are told to have travelled.</summary>
public sealed unsafe class ClassTests : IDisposable
{
    private readonly TracedProgram _program = new();

    [Fact]
    public void Calls_ThroughAServer_HaveTheirClassesAndBytes()
    {
        CudaDriver driver = _program.Driver;
        CUdeviceptr memory;
        CUstream stream;
        byte[] bytes = new byte[1000];
        int attribute;
        _program.Check(driver.cuDeviceGetAttribute(&attribute, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE, 0));
        _program.Check(driver.cuMemAlloc_v2(&memory, 100_000));
        _program.Check(driver.cuStreamCreate(&stream, 0));
        fixed (byte* host = bytes)
        {
            _program.Check(driver.cuMemcpyHtoD_v2(memory, host, 1000));
            _program.Check(driver.cuMemcpyDtoH_v2(host, memory, 1000));
        }

        _program.Check(driver.cuMemsetD8Async(memory, 1, 1000, stream));
        _ = driver.cuStreamQuery(stream);
        _program.Check(driver.cuStreamSynchronize(stream));
        Trace trace = _program.Finish();

        AssertCall(trace, "cuDeviceGetAttribute", TraceClass.Local, 0, TraceMarks.None);
        AssertCall(trace, "cuMemAlloc_v2", TraceClass.Synchronous, 1, TraceMarks.None);
        AssertCall(trace, "cuStreamCreate", TraceClass.Posted, 0, TraceMarks.Minted);
        AssertCall(trace, "cuMemcpyHtoD_v2", TraceClass.Posted, 0, TraceMarks.None);
        AssertCall(trace, "cuMemcpyDtoH_v2", TraceClass.Blocking, 1, TraceMarks.None);
        AssertCall(trace, "cuMemsetD8Async", TraceClass.Posted, 0, TraceMarks.None);
        AssertCall(trace, "cuStreamQuery", TraceClass.Synchronous, 1, TraceMarks.Poll);
        AssertCall(trace, "cuStreamSynchronize", TraceClass.Blocking, 1, TraceMarks.None);
        Assert.InRange(Single(trace, "cuMemcpyHtoD_v2").BytesOut, 1032, 1100);
        Assert.InRange(Single(trace, "cuMemcpyDtoH_v2").BytesIn, 1033, 1100);
        Assert.Equal(0, Single(trace, "cuDeviceGetAttribute").BytesOut);
    }

    [Fact]
    public void Header_OfARemotedRun_SaysWhatRan()
    {
        Trace trace = _program.Finish();
        Assert.Equal(_program.Url, trace.Header.Server);
        Assert.NotEmpty(trace.Header.Device);
        Assert.NotEmpty(trace.Header.Command);
        Assert.True(trace.Header.RoundTrip > 0);
        Assert.Equal(Environment.ProcessorCount, trace.Header.Processors);
        Assert.False(trace.Header.HasDeviceTimes);
    }

    [Fact]
    public void Streams_OfCalls_AreNumberedAlike()
    {
        CudaDriver driver = _program.Driver;
        CUstream first, second;
        CUevent @event;
        _program.Check(driver.cuStreamCreate(&first, 0));
        _program.Check(driver.cuStreamCreate(&second, 0));
        _program.Check(driver.cuEventCreate(&@event, 0));
        _program.Check(driver.cuEventRecord(@event, first));
        _program.Check(driver.cuStreamWaitEvent(second, @event, 0));
        _program.Check(driver.cuEventRecord(@event, default));
        _program.Check(driver.cuStreamSynchronize(second));
        Trace trace = _program.Finish();

        TraceCall[] records = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuEventRecord")];
        TraceCall waits = Single(trace, "cuStreamWaitEvent");
        Assert.Equal(records[0].Event, waits.Event);
        Assert.NotEqual(0, records[0].Event);
        Assert.NotEqual(0, records[0].Stream);
        Assert.NotEqual(records[0].Stream, waits.Stream);
        Assert.Equal(waits.Stream, Single(trace, "cuStreamSynchronize").Stream);
        Assert.Equal(0, records[1].Stream);
    }

    [Fact]
    public void DestroyedStream_OfTheSameHandle_GetsAnotherNumber()
    {
        TraceHandles handles = new();
        int first = handles.OfStream(1234);
        Assert.Equal(first, handles.OfStream(1234));
        handles.ForgetStream(1234);
        Assert.NotEqual(first, handles.OfStream(1234));
    }

    [Fact]
    public void Image_ThatTheServerHas_IsDeduplicated()
    {
        byte[] image = BigImage();
        CUmodule first, second;
        fixed (byte* code = image)
        {
            _program.Check(_program.Driver.cuModuleLoadData(&first, code));
            _program.Check(_program.Driver.cuModuleLoadData(&second, code));
        }

        Trace trace = _program.Finish();
        TraceCall[] loads = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuModuleLoadData")];
        Assert.Equal([2, 1], loads.Select(static call => call.RoundTrips));
        Assert.Equal(TraceMarks.None, loads[0].Marks);
        Assert.Equal(TraceMarks.Deduplicated, loads[1].Marks);
        Assert.InRange(loads[1].BytesSaved, image.Length - 1, image.Length);
        Assert.True(loads[0].BytesOut > image.Length && loads[1].BytesOut < 1000);
    }

    [Fact]
    public void FailedCall_HasItsResult()
    {
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _program.Driver.cuStreamDestroy_v2(new CUstream(0x12345605)));
        Assert.Equal((int)CUresult.CUDA_ERROR_INVALID_HANDLE, Single(_program.Finish(), "cuStreamDestroy_v2").Result);
    }

    [Fact]
    public void PostedCallsOfTwoThreads_AreSomeCarried()
    {
        CUdeviceptr memory;
        _program.Check(_program.Driver.cuMemAlloc_v2(&memory, 4096));
        CUdeviceptr address = memory;
        _program.Check(_program.Driver.cuMemsetD8Async(address, 1, 16, default));
        var other = new Thread(() =>
        {
            _program.Driver.cuCtxSetCurrent(_program.Context.Handle);
            _program.Check(_program.Driver.cuMemsetD8Async(address, 1, 16, default));
        });
        other.Start();
        other.Join();
        Trace trace = _program.Finish();
        TraceCall[] sets = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuMemsetD8Async")];
        Assert.Equal(2, sets.Select(static call => call.Thread).Distinct().Count());
        Assert.Equal([TraceMarks.None, TraceMarks.Carried], sets.Select(static call => call.Marks & TraceMarks.Carried));
    }

    [Fact]
    public void PostedCalls_ManyOfThem_AreMostlyEstimatedAndDoNotOverlap()
    {
        CUdeviceptr memory;
        _program.Check(_program.Driver.cuMemAlloc_v2(&memory, 4096));
        for (int call = 0; call < 5000; call++)
        {
            _program.Check(_program.Driver.cuMemsetD8Async(memory, 1, 16, default));
        }

        Trace trace = _program.Finish();
        TraceCall[] sets = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuMemsetD8Async")];
        int estimated = sets.Count(static call => call.Marks.HasFlag(TraceMarks.Estimated));
        Assert.Equal(5000, sets.Length);
        Assert.InRange(estimated, 1000, 4700);
        Assert.All(sets.Zip(sets.Skip(1)), static pair => Assert.True(pair.First.End <= pair.Second.Begin));
        Assert.Single(sets.Select(static call => (call.Class, call.BytesOut, call.BytesIn, call.Stream)).Distinct());
    }

    [Fact]
    public void PostedCalls_FasterThanTheNetwork_AreMarkedAsWaiting()
    {
        using CudaSession slow = CudaSession.Connect(
            _program.Url + "?bandwidth=1Gbps", new SessionOptions { TraceFile = _program.FileName });
        CudaDriver driver = slow.Driver;
        CUcontext context;
        CUdeviceptr memory;
        byte[] bytes = new byte[60_000];
        _program.Check(driver.cuDevicePrimaryCtxRetain(&context, 0));
        _program.Check(driver.cuCtxSetCurrent(context));
        _program.Check(driver.cuMemAlloc_v2(&memory, (nuint)bytes.Length));
        fixed (byte* host = bytes)
        {
            for (int copy = 0; copy < 200; copy++)
            {
                _program.Check(driver.cuMemcpyHtoD_v2(memory, host, (nuint)bytes.Length));
            }
        }

        slow.Dispose();
        Trace trace = _program.Finish();
        TraceCall[] copies = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuMemcpyHtoD_v2")];
        Assert.All(copies, static call => Assert.False(call.Marks.HasFlag(TraceMarks.Estimated)));
        Assert.Contains(copies, static call => call.Marks.HasFlag(TraceMarks.Waited));
        // A first call finds the sending thread asleep.
        Assert.Contains(trace.Calls, static call => call.Marks.HasFlag(TraceMarks.Woke));
    }

    [Fact]
    public void Statistics_OfATracedSession_AreStillThere() => Assert.NotEqual(default, _program.Session.Statistics);

    public void Dispose() => _program.Dispose();

    private static byte[] BigImage()
    {
        // Behind the code, comments: PTX is text.
        string ptx = File.ReadAllText(TracedProgram.Ptx("vector_add"));
        return System.Text.Encoding.UTF8.GetBytes(ptx + string.Concat(Enumerable.Repeat("\n// nothing", 30_000)) + "\n\0");
    }

    private static TraceCall Single(Trace trace, string function) => Assert.Single(trace.Calls, call => trace.NameOf(call) == function);

    private static void AssertCall(Trace trace, string function, TraceClass travelled, int roundTrips, TraceMarks marks)
    {
        TraceCall call = Single(trace, function);
        // Whether a thread had to be woken is luck.
        Assert.Equal((function, travelled, roundTrips, marks), (function, call.Class, call.RoundTrips, call.Marks & ~TraceMarks.Woke));
    }
}
