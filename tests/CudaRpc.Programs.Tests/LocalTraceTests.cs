using CudaRpc.Tracing;

namespace CudaRpc.Programs.Tests;

/// <summary>Programs of the CUDA runtime under <c>cudarpc trace --local</c>, with a driver of the machine that is not ours.</summary>
public sealed class LocalTraceTests(ServerProcess server, RelayDriver driver) : IClassFixture<ServerProcess>, IClassFixture<RelayDriver>
{
    [Theory]
    [InlineData("vector_add", "cuLaunchKernel")]
    [InlineData("streams", "cuStreamCreate")]
    [InlineData("events", "cuEventElapsedTime")]
    [InlineData("graph_capture", "cuGraphLaunch")]
    [InlineData("pinned", "cuMemHostAlloc")]
    [InlineData("errors", "cuLaunchKernel")]
    [InlineData("textures", "cuTexObjectCreate")]
    public void Program_OnTheMachinesOwnDriver_PassesAndIsRecorded(string program, string function)
    {
        Trace trace = Record(program);

        Assert.Equal("native:", trace.Header.Server);
        Assert.NotEmpty(trace.Header.Device);
        Assert.Contains(trace.Calls, call => trace.NameOf(call).StartsWith(function, StringComparison.Ordinal));
        Assert.Contains(trace.Calls, static call => call.Class is TraceClass.Posted && call.BytesOut > 32);
        Assert.All(trace.Calls, static call => Assert.True(call is { ServerBegin: -1 } && call.End >= call.Begin));
    }

    [Fact]
    public void Threads_OnTheMachinesOwnDriver_AreRecordedApart()
    {
        Trace trace = Record("threads");

        Assert.InRange(trace.Threads.Count, 2, int.MaxValue);
        foreach (IGrouping<int, TraceCall> thread in trace.Calls.GroupBy(static call => call.Thread))
        {
            Assert.All(thread.Zip(thread.Skip(1)), static pair => Assert.True(pair.First.End <= pair.Second.Begin));
        }
    }

    [Fact]
    public void DeviceTimes_OnTheMachinesOwnDriver_AreThere()
    {
        Trace trace = Record("vector_add", "--device-times");

        TraceCall launch = Assert.Single(trace.Calls, call => trace.NameOf(call).StartsWith("cuLaunchKernel", StringComparison.Ordinal));
        Assert.True(launch.DeviceBegin >= 0 && launch.DeviceEnd >= launch.DeviceBegin, $"{launch}");
    }

    private Trace Record(string program, params string[] options)
    {
        driver.Build();
        string file = Path.Combine(driver.Folder, $"{Guid.NewGuid():N}.cudatrace");
        Outcome outcome = Corpus.Record(
            program, ["--local", .. options], file, driver.Folder, ("RELAY_LIBRARY", driver.Maker), ("RELAY_SERVER", server.Url));
        Assert.True(outcome is { ExitCode: 0 } && outcome.Output.EndsWith("PASS\n", StringComparison.Ordinal), $"{outcome.Output}{outcome.Errors}");
        Trace trace = TraceFile.Read(file);
        Assert.Empty(trace.Problems);
        return trace;
    }
}
