using CudaRpc.Simulator.Tests.Driver;
using CudaRpc.Simulator.Timing;

namespace CudaRpc.Simulator.Tests.Timing;

/// <summary>A device with round numbers and a clock that stands still, and the calls that tests of times need.</summary>
internal sealed unsafe class TimedBench : IDisposable
{
    public const long Launch = 100, Shortest = 50, Copy = 10;

    private const string Kernels = TestPtx.Header + """
        .visible .entry timed_work(.param .u64 nanoseconds)
        {
            ret;
        }

        .visible .entry touch(.param .u64 touch_p)
        {
            .reg .b64 %rd<4>;
            .reg .b32 %r<4>;
            ld.param.u64 %rd1, [touch_p];
            mov.u32 %r1, %tid.x;
            mul.wide.u32 %rd2, %r1, 4;
            add.s64 %rd3, %rd1, %rd2;
            ld.global.u32 %r2, [%rd3];
            add.u32 %r3, %r2, 1;
            st.global.u32 [%rd3], %r3;
            ret;
        }
        """;

    private readonly CUmodule _module;

    public TimedBench(bool executes = true, Func<DeviceProfile, DeviceProfile>? change = null, DeviceClock? clock = null)
    {
        var profile = new DeviceProfile
        {
            Name = "round",
            Multiprocessors = 4,
            GigaInstructions = 4,
            MemoryGigabytes = 1,
            ToDeviceGigabytes = 1,
            ToHostGigabytes = 0.5,
            LaunchLatency = Launch,
            ShortestKernel = Shortest,
            CopyLatency = Copy,
        };
        Bench = new Bench(new SimulatedGpuOptions
        {
            MemoryBytes = 64 << 20,
            DeviceTime = change is null ? profile : change(profile),
            Executes = executes,
            Clock = clock ?? Clock,
        });
        _module = Bench.LoadModule(Kernels);
    }

    public Bench Bench { get; }

    public VirtualClock Clock { get; } = new();

    public SimulatedDriver Driver => Bench.Driver;

    public CUfunction Function(string name) => Bench.GetFunction(_module, name);

    public CUstream Stream() => Bench.NewStream(CUstream_flags.CU_STREAM_NON_BLOCKING);

    public CUevent Record(CUstream stream)
    {
        CUevent marker = Bench.NewEvent();
        Bench.Must(Driver.cuEventRecord(marker, stream));
        return marker;
    }

    /// <summary>A kernel that says itself how long it takes.</summary>
    public void Work(CUstream stream, ulong nanoseconds, uint blocks = 1)
    {
        void* parameter = &nanoseconds;
        Bench.Must(Driver.cuLaunchKernel(Function("timed_work"), blocks, 1, 1, 32, 1, 1, 0, stream, &parameter, null));
    }

    /// <summary>A kernel whose threads read and write four bytes each.</summary>
    public void Touch(CUstream stream, CUdeviceptr memory, uint blocks, uint threads)
    {
        void* parameter = &memory;
        Bench.Must(Driver.cuLaunchKernel(Function("touch"), blocks, 1, 1, threads, 1, 1, 0, stream, &parameter, null));
    }

    /// <summary>Nanoseconds between two events, which are waited for.</summary>
    public long Between(CUevent start, CUevent end)
    {
        float milliseconds;
        Bench.Must(Driver.cuEventSynchronize(start));
        Bench.Must(Driver.cuEventSynchronize(end));
        Bench.Must(Driver.cuEventElapsedTime(&milliseconds, start, end));
        return (long)Math.Round(milliseconds * 1e6);
    }

    public void Dispose() => Bench.Dispose();
}
