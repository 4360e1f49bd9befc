using System.Text.Json;
using CudaRpc.Workloads;

namespace CudaRpc.Samples.Tests;

/// <summary><c>cudarpc workload</c> and <c>cudarpc serve --device-time</c> as they are typed.</summary>
public sealed class WorkloadCommandTests
{
    private const string Server = "CudaRpc.Server";

    [Theory(Timeout = 60_000)]
    [InlineData("--list")]
    [InlineData("--list", "--think", "0")]
    public async Task List_NamesEveryWorkload(params string[] options)
    {
        Programs.Outcome list = await Programs.RunDotNet(Server, ["workload", .. options]);

        Assert.True(list.ExitCode == 0, list.Errors);
        Assert.Equal(WorkloadCatalog.Names, list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')[0]));
    }

    [Fact(Timeout = 60_000)]
    public async Task Workload_OnATimedDevice_TakesAtLeastTheTimeOfItsKernels()
    {
        Programs.Outcome run = await Programs.RunDotNet(Server, "workload", "sync-heavy", "--server", "sim:?device-time=A100", "--steps", "3", "--json");

        Assert.True(run.ExitCode == 0, run.Errors);
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(3, report.GetProperty("times").GetArrayLength());
        long kernels = report.GetProperty("kernelTime").GetInt64();
        Assert.All(report.GetProperty("times").EnumerateArray(), time => Assert.True(time.GetInt64() >= kernels));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("no workload is called nothing", "workload", "nothing", "--server", "sim:")]
    [InlineData("device times are T4", "workload", "sync-heavy", "--server", "sim:?device-time=Voodoo")]
    [InlineData("takes a number from 1", "workload", "sync-heavy", "--server", "sim:", "--steps", "0")]
    [InlineData("a GPU takes the time it takes", "serve", "--driver", "native", "--device-time", "A100")]
    [InlineData("no device profile is called Voodoo", "serve", "--driver", "null", "--device-time", "Voodoo")]
    [InlineData("no-such.json", "serve", "--driver", "null", "--device-time", "no-such.json")]
    [InlineData("network-requirements.md", "study", "--docs", "/no/such/folder")]
    public async Task Command_ThatCannotBe_SaysWhy(string reason, params string[] arguments)
    {
        Programs.Outcome refused = await Programs.RunDotNet(Server, arguments);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(reason, refused.Errors, StringComparison.Ordinal);
    }
}
