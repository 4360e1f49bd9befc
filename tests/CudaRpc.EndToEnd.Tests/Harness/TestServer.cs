using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>A server in this process, at a Unix-domain socket, in shared memory and at a port of the loopback address.</summary>
internal sealed class TestServer : IDisposable
{
    public const string Tcp = "tcp";
    public const string Unix = "unix";
    public const string Shm = "shm";

    private readonly string _directory = Directory.CreateTempSubdirectory("cudarpc-").FullName;

    public TestServer(Func<CudaDriver> openDriver, ServerLimits? limits = null)
    {
        Server = new CudaServer(openDriver, limits ?? new ServerLimits(), Log);
        UnixUrl = Server.Listen(ServerUrl.Parse($"unix://{_directory}/server.sock"));
        ShmUrl = Server.Listen(ServerUrl.Parse($"shm://{_directory}/memory.sock"));
        TcpUrl = Server.Listen(ServerUrl.Parse("tcp://127.0.0.1:0"));
    }

    public CollectingLogger Log { get; } = new();

    public CudaServer Server { get; }

    public ServerUrl UnixUrl { get; }

    public ServerUrl ShmUrl { get; }

    public ServerUrl TcpUrl { get; }

    public ServerUrl Url(string transport) => transport switch { Tcp => TcpUrl, Shm => ShmUrl, _ => UnixUrl };

    /// <summary>Opens a session whose driver disposes it.</summary>
    public RemoteDriver Connect(string transport = Unix, CollectingLogger? log = null) =>
        new(Session.Connect(Url(transport), log is null ? null : new SessionOptions { Logger = log }));

    /// <summary>Waits until nobody holds anything of the server.</summary>
    public void BecomesIdle() => Condition.Becomes(default, () => Server.Usage);

    public void Dispose()
    {
        // Elsewhere, so that a session that does not end fails its test and no other.
        Worker.Run(Server.Dispose);
        Directory.Delete(_directory, recursive: true);
        Log.ExpectNoBugs();
    }
}
