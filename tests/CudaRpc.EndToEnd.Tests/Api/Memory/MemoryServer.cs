using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>
/// A server of simulated devices, with a driver for each session or one that they share as they would the real one.
/// </summary>
internal sealed class MemoryServer : IDisposable
{
    private readonly SimulatedDriver? _shared;
    private readonly TestServer _server;

    public MemoryServer(int devices = 1, bool shared = false, ulong memoryBytes = 256 << 20)
    {
        Gpu = new SimulatedGpu(new SimulatedGpuOptions { DeviceCount = devices, MemoryBytes = memoryBytes });
        if (shared)
        {
            _shared = new SimulatedDriver(Gpu);
            CudaDriver one = SharedDriver.Of(_shared);
            _server = new TestServer(() => one);
        }
        else
        {
            _server = new TestServer(() => new SimulatedDriver(Gpu));
        }
    }

    public SimulatedGpu Gpu { get; }

    /// <summary>Bytes in use on a device.</summary>
    public ulong Used(int device = 0) => Gpu.Devices[device].UsedBytes;

    /// <summary>A session with a context of its own on a device.</summary>
    public RemoteDriver Connect(int device = 0)
    {
        RemoteDriver driver = _server.Connect();
        driver.CreateContext(device);
        return driver;
    }

    /// <summary>Waits until nobody holds anything, and checks that nothing is left on the devices.</summary>
    public void BecomesEmpty()
    {
        _server.BecomesIdle();
        Assert.All(Gpu.Devices, static device => Assert.Equal(0ul, device.UsedBytes));
    }

    public void Dispose()
    {
        _server.Dispose();
        _shared?.Dispose();
        Gpu.Dispose();
    }
}
