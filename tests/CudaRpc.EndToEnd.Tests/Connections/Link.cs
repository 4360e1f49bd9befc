using System.Net.Sockets;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.Connections;

/// <summary>Both ends of a connection over one transport.</summary>
internal sealed class Link : IDisposable
{
    public const string Tcp6 = "tcp6";

    private readonly string _directory = Directory.CreateTempSubdirectory("cudarpc-").FullName;
    private readonly Listener _listener;

    public Link(string transport)
    {
        Assert.SkipWhen(transport == Tcp6 && !Socket.OSSupportsIPv6, "this machine has no IPv6");
        _listener = Transports.Listen(ServerUrl.Parse(transport switch
        {
            TestServer.Tcp => "tcp://127.0.0.1:0",
            Tcp6 => "tcp://[::1]:0",
            _ => $"{transport}://{_directory}/socket",
        }));
        Connection? server = null;
        var accept = new Worker(() => server = _listener.Accept());
        Client = Transports.Connect(_listener.Url, Condition.Deadline);
        accept.Ends();
        Server = server!;
    }

    /// <summary>Every transport that has to keep the contract.</summary>
    public static TheoryData<string> All => [TestServer.Tcp, Tcp6, TestServer.Unix, TestServer.Shm];

    public Connection Client { get; }

    public Connection Server { get; }

    /// <summary>Sends without waiting until the peer, which does not read, takes no more; returns how much it took.</summary>
    public static long Fill(Connection connection)
    {
        byte[] piece = new byte[10_000];
        long filled = 0;
        // A socket may take a little more a moment after it took nothing.
        for (int refused = 0; refused < 3;)
        {
            int sent = connection.TrySend(piece);
            refused = sent == 0 ? refused + 1 : 0;
            filled += sent;
            Assert.True(filled < 256 << 20, "a peer that does not read takes everything");
        }

        return filled;
    }

    /// <summary>Receives exactly as many bytes as there is room for.</summary>
    public static void ReceiveAll(Connection connection, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int received = connection.Receive(destination);
            Assert.NotEqual(0, received);
            destination = destination[received..];
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        _listener.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
