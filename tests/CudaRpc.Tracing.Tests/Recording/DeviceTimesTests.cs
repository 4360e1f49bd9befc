using CudaRpc.Driver;

namespace CudaRpc.Tracing.Tests.Recording;

/// <summary>When the device did the work, measured by the server or in the process.</summary>
public sealed unsafe class DeviceTimesTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Work_OfAStream_HasTimesInItsOrder(bool remote)
    {
        using var program = new TracedProgram(remote, deviceTimes: true);
        CUdeviceptr memory;
        CUstream stream;
        program.Check(program.Driver.cuMemAlloc_v2(&memory, 1 << 20));
        program.Check(program.Driver.cuStreamCreate(&stream, 0));
        for (int call = 0; call < 100; call++)
        {
            program.Check(program.Driver.cuMemsetD8Async(memory, 1, 1 << 20, stream));
        }

        program.Check(program.Driver.cuStreamSynchronize(stream));
        Trace trace = program.Finish();

        Assert.True(trace.Header.HasDeviceTimes);
        TraceCall[] sets = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuMemsetD8Async")];
        Assert.All(sets, static call => Assert.True(call.DeviceBegin >= 0 && call.DeviceEnd >= call.DeviceBegin, call.ToString()));
        for (int next = 1; next < sets.Length; next++)
        {
            // A thousandth for the float milliseconds that events are told in.
            Assert.True(sets[next].DeviceBegin >= sets[next - 1].DeviceEnd - 1000, $"{sets[next - 1]}\n{sets[next]}");
        }

        TraceCall wait = trace.Calls.Last(call => trace.NameOf(call) == "cuStreamSynchronize");
        Assert.True(sets[^1].DeviceEnd <= wait.End + 5_000_000, $"{sets[^1]}\n{wait}");
        Assert.All(trace.Calls.Where(call => trace.NameOf(call) == "cuMemAlloc_v2"), static call => Assert.Equal(-1, call.DeviceBegin));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CapturedStream_IsLeftAlone(bool remote)
    {
        using var program = new TracedProgram(remote, deviceTimes: true);
        CudaDriver driver = program.Driver;
        CUdeviceptr memory;
        CUstream stream;
        CUgraph graph;
        CUgraphExec instance;
        program.Check(driver.cuMemAlloc_v2(&memory, 1 << 20));
        program.Check(driver.cuStreamCreate(&stream, 0));
        program.Check(driver.cuStreamBeginCapture_v2(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
        program.Check(driver.cuMemsetD8Async(memory, 1, 1 << 20, stream));
        program.Check(driver.cuStreamEndCapture(stream, &graph));
        nuint nodes;
        program.Check(driver.cuGraphGetNodes(graph, null, &nodes));
        Assert.Equal(1u, nodes);
        program.Check(driver.cuGraphInstantiateWithFlags(&instance, graph, 0));
        program.Check(driver.cuGraphLaunch(instance, stream));
        program.Check(driver.cuStreamSynchronize(stream));
        Trace trace = program.Finish();

        Assert.Equal(-1, Assert.Single(trace.Calls, call => trace.NameOf(call) == "cuMemsetD8Async").DeviceBegin);
        Assert.True(Assert.Single(trace.Calls, call => trace.NameOf(call) == "cuGraphLaunch").DeviceBegin >= 0);
    }

    [Fact]
    public void Work_WhoseContextEnds_IsMeasuredBefore()
    {
        using var program = new TracedProgram(remote: true, deviceTimes: true);
        CudaDriver driver = program.Driver;
        CUcontext context;
        CUdeviceptr memory;
        for (int round = 0; round < 3; round++)
        {
            program.Check(driver.cuCtxCreate_v2(&context, 0, 0));
            program.Check(driver.cuMemAlloc_v2(&memory, 4096));
            program.Check(driver.cuMemsetD8Async(memory, 1, 4096, default));
            program.Check(driver.cuCtxSynchronize());
            program.Check(driver.cuCtxDestroy_v2(context));
        }

        Trace trace = program.Finish();
        TraceCall[] sets = [.. trace.Calls.Where(call => trace.NameOf(call) == "cuMemsetD8Async")];
        Assert.Equal(3, sets.Length);
        Assert.All(sets, static call => Assert.True(call.DeviceBegin >= 0));
    }
}
