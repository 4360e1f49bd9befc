using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using CudaRpc.Simulator.Timing;
using CudaRpc.Workloads;

namespace CudaRpc.EndToEnd.Tests.Workloads;

public sealed class WorkloadTests
{
    public static TheoryData<string> Names => [.. WorkloadCatalog.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Workload_ThroughServer_LaunchesItsKernelsAndTakesTheirTime(string name)
    {
        Workload workload = Small(name);
        using var device = new Device();
        using var server = new TestServer(device.Open);
        using (RemoteDriver driver = server.Connect())
        {
            using var program = new WorkloadProgram(driver, workload);
            long before = device.Clock.Now;

            Assert.Equal(2, program.Run(2).Length);

            IEnumerable<string> asked = Enumerable.Repeat(Kernels(workload.Step), 2).Append(Kernels(workload.Graph)).SelectMany(static names => names);
            Assert.Equal(
                Enumerable.Repeat(asked, workload.Threads).SelectMany(static names => names).Order(StringComparer.Ordinal),
                device.Launched.Order(StringComparer.Ordinal));
            // Of several streams and threads, the kernels may overlap.
            long least = workload.Threads > 1 || name == "streams" ? workload.KernelTime : 2 * workload.KernelTime;
            Assert.True(device.Clock.Now - before >= least);
        }

        server.BecomesIdle();
    }

    [Theory]
    [InlineData("launch-bound")]
    [InlineData("graph-replay")]
    [InlineData("object-heavy")]
    [InlineData("resnet18-training")]
    public void Workload_InProcess_Runs(string name)
    {
        using var session = CudaSession.Connect("sim:");
        using var program = new WorkloadProgram(session.Driver, Small(name));

        Assert.All(program.Run(3), static time => Assert.True(time > 0));
    }

    [Theory]
    [InlineData("launch-bound", 1)]
    [InlineData("sync-heavy", 20)]
    [InlineData("training-like", 2)]
    [InlineData("bert-inference", 2)]
    public void Workload_ThroughServer_WaitsAsOftenAsDescribed(string name, int perStep)
    {
        using var device = new Device();
        using var server = new TestServer(device.Open);
        using (RemoteDriver driver = server.Connect())
        {
            using var program = new WorkloadProgram(driver, Small(name));
            program.Run(1);
            long before = driver.Session.Statistics.Synchronous;
            program.Run(1);
            long start = driver.Session.Statistics.Synchronous - before;
            before = driver.Session.Statistics.Synchronous;

            program.Run(11);

            Assert.Equal(10 * perStep, driver.Session.Statistics.Synchronous - before - start);
        }

        server.BecomesIdle();
    }

    [Fact]
    public void Workload_ThatFails_NamesTheCall()
    {
        using var session = CudaSession.Connect("sim:");
        using var program = new WorkloadProgram(session.Driver, new Workload("impossible", "", [Op.Allocate(1L << 60)]));

        Assert.Contains("cuMemAlloc", Assert.Throws<InvalidOperationException>(() => program.Run(1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("bert")]
    [InlineData("bert-")]
    [InlineData("bert-sleeping")]
    public void Find_NoSuchWorkload_IsNull(string name) => Assert.Null(WorkloadCatalog.Find(name));

    private static Workload Small(string name) => WorkloadCatalog.Find(name, new WorkloadOptions { Think = 0, Sequence = 32 })!;

    // Those of a graph are given to the driver once, when it is captured.
    private static IEnumerable<string> Kernels(IEnumerable<Op> ops) =>
        ops.Where(static op => op.Kind is OpKind.Launch).Select(static op => $"timed_{op.Kernel}");

    private sealed class Device : IDisposable
    {
        private readonly SimulatedGpu _gpu;

        public Device() => _gpu = new SimulatedGpu(new SimulatedGpuOptions
        {
            MemoryBytes = 1UL << 30,
            DeviceTime = DeviceProfile.Find("A100"),
            Executes = false,
            Clock = Clock,
            Launching = Launched.Enqueue,
        });

        public TickingClock Clock { get; } = new();

        public ConcurrentQueue<string> Launched { get; } = [];

        public CudaDriver Open() => new SimulatedDriver(_gpu);

        public void Dispose() => _gpu.Dispose();
    }
}
