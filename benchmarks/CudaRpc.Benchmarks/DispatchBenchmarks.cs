using BenchmarkDotNet.Attributes;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Server;
using CudaRpc.Simulator;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.Benchmarks;

/// <summary>From a received body to the driver's function, which does nothing.</summary>
[MemoryDiagnoser]
public class DispatchBenchmarks
{
    private readonly SimulatedGpu _gpu = new(new SimulatedGpuOptions());
    private readonly ServerLane _lane;
    private readonly byte[] _body;
    private readonly FrameHeader _header;

    public DispatchBenchmarks()
    {
        var limits = new ServerLimits();
        var driver = new NullDriver(_gpu);
        driver.cuInit(0);
        var session = new ServerSession(
            1, driver, new EndlessConnection([0]), limits, new ImageCache(limits.ImageCacheBytes), new HostWindows(), NullLogger.Instance) { Shares = new SharedObjects() };
        nint function = HandleId.Make(HandleKind.CUfunction, 7);
        session.Handles.TryAdd(function, new ServerHandle(0x1234, 0, 0));
        _lane = new ServerLane(session);
        _body = LaunchBody.Bytes(function);
        _header = LaunchBody.Header(_body.Length);
    }

    [Benchmark]
    public void Launch() => _lane.Serve(_header, _body);
}
