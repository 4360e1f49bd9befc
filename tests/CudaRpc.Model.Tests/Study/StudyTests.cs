using System.Xml.Linq;
using CudaRpc.Server.Commands.Study;
using CudaRpc.Simulator.Timing;
using CudaRpc.Tracing;
using CudaRpc.Workloads;
using Xunit;

namespace CudaRpc.Model.Tests.Study;

public sealed class StudyTests
{
    [Fact]
    public void LeastDisturbed_IsTheQuickestRunOfSteps()
    {
        Trace trace = Recorded(steps: 30, slow: step => step is < 12 or > 23);

        Trace part = StepTrace.LeastDisturbed(trace, 10);

        Assert.Equal(20, part.Calls.Count);
        Assert.Equal("cuLaunchKernel", part.NameOf(part.Calls[0]));
        Assert.Equal("cuStreamSynchronize", part.NameOf(part.Calls[^1]));
        Assert.InRange(part.Duration, 900_000, 930_000);
    }

    [Fact]
    public void LeastDisturbed_OfTooFewSteps_IsRefused() =>
        Assert.Contains("10 steps", Assert.Throws<InvalidOperationException>(() => StepTrace.LeastDisturbed(Recorded(10), 10)).Message, StringComparison.Ordinal);

    [Fact]
    public void Start_EndsBeforeTheFirstKernel()
    {
        Trace start = StepTrace.Start(Recorded(20));

        Assert.Equal(["cuMemAlloc_v2", "cuModuleLoadData"], start.Calls.Select(call => start.NameOf(call)));
    }

    [Fact]
    public void DeviceTimes_AreWhatTheWorkloadSays()
    {
        Trace steps = Program("made-up").Trace;

        TraceCall[] launches = [.. steps.Calls.Where(call => steps.NameOf(call) == "cuLaunchKernel")];

        Assert.Equal(10, launches.Length);
        Assert.All(launches, static call => Assert.Equal(7000, call.DeviceEnd - call.DeviceBegin));
        Assert.Equal(-1, steps.Calls[^1].DeviceBegin);
    }

    [Fact]
    public void DeviceTimes_OfAnotherWorkload_AreRefused() => Assert.Throws<InvalidOperationException>(
        () => KnownDeviceTimes.Of(Recorded(11), WorkloadCatalog.Find("copy-bound")!, DeviceProfile.Find("A100")!));

    [Fact]
    public void Page_HasARowForEachProgramInEachTable()
    {
        StudyProgram program = Program("made-up"), other = Program("another");

        string page = StudyPage.Write([program, other], Program("objects"));

        string[] lines = page.Split('\n');
        int tables = lines.Count(static line => line.StartsWith("### ", StringComparison.Ordinal));
        Assert.Equal(6, tables);
        Assert.Equal(tables, lines.Count(static line => line.StartsWith("| made-up |", StringComparison.Ordinal)));
        Assert.Equal(1, lines.Count(static line => line.StartsWith("| objects |", StringComparison.Ordinal)));
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Slowdown_WithoutPosting_IsWorse()
    {
        StudyProgram program = Program("made-up");

        Assert.True(program.Slowdown(StudyPage.Reference, Techniques.Posting) > program.Slowdown(StudyPage.Reference));
    }

    [Fact]
    public void Chart_IsSvgWithTheNamesOfThePrograms()
    {
        XElement chart = XElement.Parse(StudyCharts.Frontiers("Training", [Program("made-up")]));

        Assert.Equal("svg", chart.Name.LocalName);
        Assert.Contains("made-up", chart.Value, StringComparison.Ordinal);
    }

    private static StudyProgram Program(string name)
    {
        var workload = new Workload("one", "", [Op.Launch("short", 7000, 4), Op.Synchronize()]);
        return StudyProgram.Of(name, workload, DeviceProfile.Find("A100")!, 90_000, Recorded(20), new ModelCosts());
    }

    // Steps of 100 us, slow ones of 200.
    private static Trace Recorded(int steps, Func<int, bool>? slow = null)
    {
        var program = new TraceMaker();
        int thread = program.Thread();
        program.Wait(thread).Wait(thread, function: "cuModuleLoadData", bytesOut: 1000);
        for (int step = 0; step < steps; step++)
        {
            program.Post(thread, think: slow?.Invoke(step) == true ? 185 : 85, device: 5).Synchronize(thread, cost: 14.9);
        }

        return program.Make();
    }
}
