using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>Something that listens and does to each connection what a test wants, each on a thread of its own.</summary>
internal sealed class HostileServer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cudarpc-").FullName;
    private readonly List<Connection> _connections = [];
    private readonly List<Worker> _workers = [];
    private readonly Listener _listener;
    private readonly Worker _accept;

    public HostileServer(string transport, Action<Connection> serve)
    {
        _listener = Transports.Listen(ServerUrl.Parse(transport == TestServer.Tcp ? "tcp://127.0.0.1:0" : $"{transport}://{_directory}/server.sock"));
        _accept = new Worker(() =>
        {
            while (_listener.Accept() is Connection connection)
            {
                lock (_connections)
                {
                    _connections.Add(connection);
                    _workers.Add(new Worker(() => Serve(connection, serve)));
                }
            }
        });
    }

    public static DeviceSnapshot Devices { get; } = DeviceSnapshot.Take(new FakeDriver());

    public ServerUrl Url => _listener.Url;

    /// <summary>Greets as a server does. The first connection of a client opens its session, the others are lanes.</summary>
    public static FrameReader Greet(Connection connection, out bool isLane)
    {
        Handshake.ReadPreface(connection);
        var reader = new FrameReader(connection);
        Assert.True(reader.Read(out _));
        isLane = Handshake.ReadHello(reader.Body).Token.Length > 0;
        connection.Send(Welcome(isLane ? DeviceSnapshot.Empty : Devices), default);
        return reader;
    }

    /// <summary>A server's part of the greeting.</summary>
    public static byte[] Welcome(DeviceSnapshot devices)
    {
        var welcome = new ByteBuffer(64 << 10, ProtocolLimits.Body);
        Handshake.WriteWelcome(welcome, new Welcome("", 0, new byte[Handshake.TokenSize], "hostile", devices));
        return [.. Handshake.Preface, .. RawPeer.Frame(ControlId.Hello, 0, welcome.Written, FrameFlags.Reply)];
    }

    /// <summary>Ends every connection, as the end of the process would.</summary>
    public void Die()
    {
        lock (_connections)
        {
            _connections.ForEach(static connection => connection.Abort());
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _accept.Ends();
        Die();
        _workers.ForEach(static worker => worker.Ends());
        Directory.Delete(_directory, recursive: true);
    }

    private static void Serve(Connection connection, Action<Connection> serve)
    {
        try
        {
            serve(connection);
        }
        catch (Exception failure) when (failure is IOException or ProtocolException)
        {
            // The client has left.
        }
        finally
        {
            connection.Abort();
        }
    }
}
