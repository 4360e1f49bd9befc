using CudaRpc.Server;
using CudaRpc.Simulator;
using CudaRpc.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CudaRpc.Native.Tests;

/// <summary>A server with a simulated device, in this process.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly SimulatedGpu _gpu = new();
    private readonly CudaServer _server;

    public LocalServer() => _server = new CudaServer(() => new SimulatedDriver(_gpu), new ServerLimits(), NullLogger.Instance);

    /// <summary>A folder of its own, gone with the server.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("cudarpc-server-").FullName;

    public ServerUsage Usage => _server.Usage;

    /// <summary>Listens; <paramref name="transport"/> is <c>tcp</c>, <c>unix</c> or <c>shm</c>.</summary>
    public string Listen(string transport) => _server.Listen(
        ServerUrl.Parse(transport == "tcp" ? "tcp://127.0.0.1:0" : $"{transport}://{Folder}/{transport}")).ToString();

    public void Stop() => _server.Dispose();

    public void Dispose()
    {
        _server.Dispose();
        _gpu.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
