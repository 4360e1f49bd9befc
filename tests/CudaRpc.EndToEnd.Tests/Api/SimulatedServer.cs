using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>A server on a simulated GPU, and a session there with a current context.</summary>
internal sealed class SimulatedServer : IDisposable
{
    private readonly SimulatedGpu _gpu;

    public SimulatedServer(int devices = 1, Func<SimulatedDriver, CudaDriver>? wrap = null)
    {
        _gpu = new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 1UL << 28, DeviceCount = devices });
        Server = new TestServer(() => Open(wrap));
        Driver = Server.Connect(log: Log);
        Context = Driver.CreateContext();
    }

    public TestServer Server { get; }

    public CollectingLogger Log { get; } = new();

    public RemoteDriver Driver { get; }

    public CUcontext Context { get; }

    /// <summary>Calls so far that waited for the server.</summary>
    public long RoundTrips => Driver.Session.Statistics.Synchronous;

    public void Dispose()
    {
        Driver.Dispose();
        Server.BecomesIdle();
        Server.Dispose();
        _gpu.Dispose();
        Log.ExpectNoBugs();
    }

    private CudaDriver Open(Func<SimulatedDriver, CudaDriver>? wrap)
    {
        var driver = new SimulatedDriver(_gpu, static _ => { });
        return wrap is null ? driver : wrap(driver);
    }
}
