using System.Text.Json;
using CudaRpc.Driver;
using CudaRpc.Server.Tracing;
using CudaRpc.Tracing.Tests.Files;
using CudaRpc.Tracing.Tests.Recording;

namespace CudaRpc.Tracing.Tests.Show;

/// <summary>Exports for Chrome and Perfetto keep to the format.</summary>
public sealed unsafe class ChromeRulesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Export_OfAMadeUpTrace_KeepsToTheFormat(int seed) => ChromeRules.Check(Export(MadeUp.Trace(5000, seed)));

    [Fact]
    public void Export_WithoutCalls_KeepsToTheFormat() => ChromeRules.Check(Export(MadeUp.Trace(0, seed: 1)));

    [Fact]
    public void Export_OfClocksThatDiffer_HasNoArrowBackInTime()
    {
        Trace trace = new TraceBuilder()
            .Call("cuLaunchKernel", TraceClass.Posted, pause: 50_000, with: static call =>
                call with { ServerBegin = 40_000, ServerEnd = 45_000, DeviceBegin = 43_000, DeviceEnd = 60_000 })
            .Build();

        JsonElement[] events = ChromeRules.Check(Export(trace));

        // Where the server had it is as recorded all the same.
        Assert.Contains(events, static item => item.GetProperty("ts").GetDecimal() == 40 && item.GetProperty("ph").GetString() == "X");
    }

    [Fact]
    public void Export_OfARecordedProgram_KeepsToTheFormat()
    {
        using var program = new TracedProgram(deviceTimes: true);
        CudaDriver driver = program.Driver;
        CUdeviceptr memory;
        CUstream stream;
        program.Check(driver.cuMemAlloc_v2(&memory, 4096));
        program.Check(driver.cuStreamCreate(&stream, 0));
        for (int step = 0; step < 200; step++)
        {
            program.Check(driver.cuMemsetD8Async(memory, 1, 4096, step % 2 == 0 ? stream : default));
            if (step % 10 == 0)
            {
                program.Check(driver.cuStreamSynchronize(stream));
            }
        }

        JsonElement[] events = ChromeRules.Check(Export(program.Finish()));

        Assert.Contains(events, static item => item.GetProperty("ph").GetString() == "f");
    }

    private static JsonElement Export(Trace trace)
    {
        using var stream = new MemoryStream();
        ChromeExport.Write(stream, trace);
        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }
}
