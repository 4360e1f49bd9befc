using System.Diagnostics;
using CudaRpc.Driver;
using CudaRpc.Model;
using CudaRpc.Simulator;
using CudaRpc.Simulator.Timing;
using CudaRpc.Tracing;
using CudaRpc.Transport.Emulation;
using CudaRpc.Workloads;
using Trace = CudaRpc.Tracing.Trace;

namespace CudaRpc.Server.Commands.Study;

/// <summary>One program of the study: a workload, its recorded calls and what the model makes of them.</summary>
internal sealed class StudyProgram
{
    /// <summary>Steps that are replayed.</summary>
    public const int Steps = 10;

    private const long Recorded = 1_000_000_000;

    private readonly ModelCosts _costs;
    private readonly ModelCosts _stepCosts;

    private StudyProgram(string name, Workload workload, long local, Trace start, Trace steps, ModelCosts costs)
    {
        (Name, Workload, Local, Start, Trace, _costs) = (name, workload, local, start, steps, costs);
        // The thread has connected long before these steps.
        _stepCosts = costs with { ConnectTrips = 0 };
        Model = ProgramModel.Of(steps, _stepCosts);
    }

    public string Name { get; }

    public Workload Workload { get; }

    /// <summary>Nanoseconds of a step where the device is in the program's own process: of as many steps, the least disturbed ones.</summary>
    public long Local { get; }

    /// <summary>All calls before the first step.</summary>
    public Trace Start { get; }

    /// <summary>The calls of <see cref="Steps"/> steps.</summary>
    public Trace Trace { get; }

    public ProgramModel Model { get; }

    /// <summary>Runs and records a workload.</summary>
    /// <param name="url">A server whose device only takes its time.</param>
    /// <param name="profile">That device.</param>
    /// <param name="name">What the study calls it.</param>
    /// <param name="workload">What to run.</param>
    /// <param name="costs">What calls cost beside the network.</param>
    /// <exception cref="InvalidOperationException">A call failed.</exception>
    public static StudyProgram Record(string url, DeviceProfile profile, string name, Workload workload, ModelCosts costs)
    {
        Trace trace = Record(url, workload);
        return Of(name, workload, profile, MeasureLocal(profile, workload), trace, costs);
    }

    /// <summary>A workload that has been recorded.</summary>
    /// <param name="name">What the study calls it.</param>
    /// <param name="workload">What was run.</param>
    /// <param name="profile">On which device.</param>
    /// <param name="local">See <see cref="Local"/>.</param>
    /// <param name="trace">All of it.</param>
    /// <param name="costs">What calls cost beside the network.</param>
    public static StudyProgram Of(string name, Workload workload, DeviceProfile profile, long local, Trace trace, ModelCosts costs) =>
        new(name, workload, local, StepTrace.Start(trace), KnownDeviceTimes.Of(StepTrace.LeastDisturbed(trace, Steps), workload, profile), costs);

    /// <summary>By how much a network makes a step longer; 0.05 for 5 %.</summary>
    public double Slowdown(NetworkConditions network, Techniques without = Techniques.None) =>
        ((double)ProgramModel.Of(Trace, _stepCosts, without).Time(network) / Model.FreeTime) - 1;

    /// <summary>The same against the device in the program's own process.</summary>
    public double SlowdownToLocal(NetworkConditions network) => ((double)Model.Time(network) / Steps / Local) - 1;

    /// <summary>Nanoseconds from the first call to the first step.</summary>
    public long StartTime(NetworkConditions network, Techniques without = Techniques.None) => ProgramModel.Of(Start, _costs, without).Time(network);

    private static Trace Record(string url, Workload workload)
    {
        string file = Path.Combine(Path.GetTempPath(), $"cudarpc-study-{Guid.NewGuid():N}.cudatrace");
        try
        {
            Run(DriverFactory.Open(url, new SessionOptions { ClientName = "cudarpc study" }), workload, StepsOf(workload));
            Run(DriverFactory.Open(url, new SessionOptions { ClientName = "cudarpc study", TraceFile = file }), workload, StepsOf(workload));
            return TraceFile.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static long MeasureLocal(DeviceProfile profile, Workload workload)
    {
        using var gpu = new SimulatedGpu(new SimulatedGpuOptions { DeviceTime = profile, Executes = false });
        long[] times = Run(new SimulatedDriver(gpu), workload, StepsOf(workload));
        return Enumerable.Range(0, times.Length - Steps).Min(first => times.AsSpan(first, Steps).ToArray().Sum()) / Steps;
    }

    // About a second: of short steps there have to be many until some are not disturbed.
    private static int StepsOf(Workload workload) => (int)Math.Clamp(Recorded / Math.Max(workload.KernelTime, 1), 60, 1000);

    private static long[] Run(CudaDriver driver, Workload workload, int steps)
    {
        using var owned = driver as IDisposable;
        using var program = new WorkloadProgram(driver, workload);
        return program.Run(steps);
    }
}
