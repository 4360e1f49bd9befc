using CudaRpc.Client;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>A server of a simulated GPU and one session there, which has no context yet.</summary>
internal sealed class BareServer : IDisposable
{
    private readonly SimulatedGpu _gpu;
    private readonly TestServer _server;

    public BareServer(int devices = 1)
    {
        _gpu = new SimulatedGpu(new SimulatedGpuOptions { MemoryBytes = 64 << 20, DeviceCount = devices });
        _server = new TestServer(() => new SimulatedDriver(_gpu));
        Driver = Connect();
    }

    public RemoteDriver Driver { get; }

    public ulong UsedBytes => _gpu.Devices[0].UsedBytes;

    public RemoteDriver Connect() => _server.Connect();

    public void Dispose()
    {
        Driver.Dispose();
        _server.BecomesIdle();
        _server.Dispose();
        _gpu.Dispose();
    }
}
