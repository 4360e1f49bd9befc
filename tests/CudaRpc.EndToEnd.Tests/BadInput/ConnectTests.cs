using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Server;
using CudaRpc.Transport;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>What a client meets that is no server of its kind: a clear exception, in time.</summary>
public sealed class ConnectTests
{
    private static readonly SessionOptions s_impatient = new() { ConnectTimeout = TimeSpan.FromMilliseconds(200) };

    public static TheoryData<string> Transports => [TestServer.Tcp, TestServer.Unix, TestServer.Shm];

    [Theory]
    [MemberData(nameof(Transports))]
    public void NobodyListens_IsIOExceptionThatNamesTheAddress(string transport)
    {
        ServerUrl url;
        using (var server = new HostileServer(transport, static _ => { }))
        {
            url = server.Url;
        }

        Assert.Contains($"no server at {url}", Assert.Throws<IOException>(() => Session.Connect(url)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SocketFileOfADeadServer_IsIOException_AndANewServerTakesItsPlace()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // Out of the way of Dispose, which removes the file it bound.
            dead.Bind(new UnixDomainSocketEndPoint(path + "x"));
            File.Move(path + "x", path);
        }

        ServerUrl url = ServerUrl.Parse($"unix://{path}");
        Assert.True(File.Exists(path));
        Assert.Throws<IOException>(() => Session.Connect(url));
        using (var server = new CudaServer(() => new OwnFakeDriver(), new ServerLimits(), new CollectingLogger()))
        {
            server.Listen(url);
            Session.Connect(url).Dispose();
            Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(() => server.Listen(url)).SocketErrorCode);
        }

        Assert.False(File.Exists(path));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ListenerThatNeverAnswers_IsIOExceptionAfterTheTimeout(string transport)
    {
        using var end = new ManualResetEvent(false);
        using var silent = new HostileServer(transport, _ => end.WaitOne());
        try
        {
            var failure = Assert.Throws<IOException>(() => Session.Connect(silent.Url, s_impatient));
            Assert.Contains(silent.Url.ToString(), failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            end.Set();
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ListenerThatAcceptsNobody_IsIOExceptionAfterTheTimeout(string transport)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = transport == TestServer.Tcp
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(transport == TestServer.Tcp ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        ServerUrl url = ServerUrl.Parse(transport == TestServer.Tcp ? $"tcp://{listener.LocalEndPoint}" : $"{transport}://{path}");

        // The first few still find room in the listener's queue and wait for an answer; those after them, for room.
        Worker[] clients = Worker.Start(5, _ => Assert.Throws<IOException>(() => Session.Connect(url, s_impatient)));

        Array.ForEach(clients, static client => client.Ends());
        File.Delete(path);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ServerThatAnswersByteByByte_IsIOExceptionAfterTheTimeout(string transport)
    {
        // All of a welcome, each byte well within the timeout.
        using var server = new HostileServer(transport, static connection => Drip(connection, HostileServer.Welcome(HostileServer.Devices)));

        Assert.Throws<IOException>(() => Session.Connect(server.Url, s_impatient));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ServerOfAnotherVersion_IsProtocolExceptionThatNamesBoth(string transport)
    {
        using var server = new HostileServer(transport, static connection =>
        {
            connection.Receive(new byte[1024]);
            connection.Send([.. Handshake.Preface[..^1], 9], default);
        });

        var failure = Assert.Throws<ProtocolException>(() => Session.Connect(server.Url));

        Assert.Contains("version 9", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"version {ProtocolLimits.Version}", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void SomethingElseThatListens_IsProtocolException(string transport)
    {
        using var server = new HostileServer(transport, static connection =>
        {
            connection.Receive(new byte[1024]);
            connection.Send("HTTP/1.1 400 Bad Request\r\n\r\n"u8, default);
        });

        var failure = Assert.Throws<ProtocolException>(() => Session.Connect(server.Url));

        Assert.Contains("does not speak this protocol", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ServerThatHangsUp_IsAnExceptionThatSaysSo(string transport)
    {
        using var server = new HostileServer(transport, static _ => { });

        Exception failure = Assert.ThrowsAny<Exception>(() => Session.Connect(server.Url));

        Assert.True(failure is IOException or ProtocolException, failure.ToString());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void OneSessionTooMany_IsRefusedInWords(string transport)
    {
        using var server = new TestServer(() => new OwnFakeDriver(), new ServerLimits { Sessions = 1 });
        using RemoteDriver first = server.Connect();

        var failure = Assert.Throws<ProtocolException>(() => server.Connect(transport));

        Assert.Contains("has 1 sessions and takes no more", failure.Message, StringComparison.Ordinal);
        first.CreateContext();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ManyWhoSayNothing_CostTheServerNoMoreThanItAllows_AndOthersAreServedOnceTheyLeave(string transport)
    {
        using var server = new TestServer(() => new OwnFakeDriver(), new ServerLimits { Greetings = 3, Greeting = Condition.Deadline * 2 });
        RawPeer[] silent = [.. Enumerable.Range(0, 3).Select(_ => new RawPeer(server.Url(transport)))];
        using (var tooMany = new RawPeer(server.Url(transport)))
        {
            tooMany.IsClosed();
        }

        Array.ForEach(silent, static peer => peer.Dispose());
        Condition.Becomes(4, () => server.Log.Entries.Count(static entry => entry.Id == 205));
        server.Connect(transport).Dispose();
    }

    [Fact]
    public void TcpConnection_IsKeptAlive_SoThatAMachineThatIsGoneIsNoticed()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var connection = new SocketConnection(socket, "peer");

        object? On(SocketOptionLevel level, SocketOptionName name) => socket.GetSocketOption(level, name);
        Assert.Equal(1, On(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        int silence = (int)On(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!;
        int asked = (int)On(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)! * (int)On(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)!;
        Assert.InRange(silence + asked, 1, 60);
    }

    internal static void Drip(Connection connection, byte[] bytes, int milliseconds = 1)
    {
        foreach (byte one in bytes)
        {
            connection.Send([one], default);
            long until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency * milliseconds / 1000);
            SpinWait.SpinUntil(() => Stopwatch.GetTimestamp() >= until);
        }
    }
}
