using CudaRpc.Client;
using CudaRpc.Protocol;
using CudaRpc.Server;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>What a server meets that is no client of its kind: it closes the connection with one line in the log and serves the others.</summary>
public sealed class GreetingTests : IDisposable
{
    private readonly TestServer _server = new(() => new OwnFakeDriver(), new ServerLimits { Greeting = TimeSpan.FromMilliseconds(500) });
    private readonly RemoteDriver _bystander;

    public GreetingTests()
    {
        _bystander = _server.Connect();
        _bystander.CreateContext();
    }

    public static TheoryData<string> Transports => [TestServer.Tcp, TestServer.Unix, TestServer.Shm];

    public void Dispose()
    {
        Cuda.Ok(_bystander.cuCtxSynchronize());
        Assert.Equal(1, _server.Server.Usage.Sessions);
        _bystander.Dispose();
        _server.BecomesIdle();
        _server.Dispose();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ClientOfAnotherVersion_IsToldOurs_AndBothAreLogged(string transport)
    {
        using var peer = new RawPeer(_server.Url(transport));
        peer.Send([.. Handshake.Preface[..^1], 9, .. RawPeer.Frame(ControlId.Hello, 0, Hello("of the future"))]);

        Handshake.ReadPreface(peer.Connection);
        peer.IsClosed();
        IsLogged("version 9", $"version {ProtocolLimits.Version}");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void BrowserThatConnects_IsClosed(string transport)
    {
        using var peer = new RawPeer(_server.Url(transport));
        peer.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);

        peer.IsClosed();
        IsLogged("does not speak this protocol");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ClientThatLeavesInsideItsGreeting_IsForgotten(string transport)
    {
        byte[] greeting = [.. Handshake.Preface, .. RawPeer.Frame(ControlId.Hello, 0, new byte[100])];
        for (int length = 0; length < greeting.Length; length += 7)
        {
            using var peer = new RawPeer(_server.Url(transport));
            peer.Send(greeting.AsSpan(0, length));
        }

        Condition.Becomes((greeting.Length + 6) / 7, () => _server.Log.Entries.Count(entry => entry.Id == 205));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ClientThatSaysNothing_IsClosedInTime(string transport)
    {
        using var peer = new RawPeer(_server.Url(transport));

        peer.IsClosed();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void ClientThatGreetsByteByByte_IsClosedInTime(string transport)
    {
        using var peer = new RawPeer(_server.Url(transport));

        // All of a hello, each byte in time.
        byte[] hello = [.. Handshake.Preface, .. RawPeer.Frame(ControlId.Hello, 0, Hello(new string('n', 250)))];
        Assert.Throws<IOException>(() => ConnectTests.Drip(peer.Connection, [.. hello, .. new byte[100]], milliseconds: 4));
        Assert.DoesNotContain(_server.Log.Entries, static entry => entry.Text.Contains("nnn", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void FirstFrameThatIsNoHello_IsClosed(string transport)
    {
        byte[] body = Hello("raw");
        byte[][] frames =
        [
            RawPeer.Frame(CallId.cuStreamQuery, 0, body),
            RawPeer.Frame(ControlId.Goodbye, 0, body),
            RawPeer.Frame(ControlId.Hello, 0, body, FrameFlags.Posted),
            RawPeer.Frame(ControlId.Hello, 0, body, FrameFlags.Reply),
            RawPeer.Frame(ControlId.Hello, 0, body, bulk: [1]),
            RawPeer.Frame(ControlId.Hello, 0, []),
            RawPeer.Frame(ControlId.Hello, 0, body.AsSpan(0, body.Length - 1)),
            RawPeer.Frame(ControlId.Hello, 0, [.. body, 0]),
            RawPeer.Frame(ControlId.Hello, 0, [0xc1]),
            RawPeer.Frame(ControlId.Hello, 0, RawPeer.Body(static (ref MessagePack.MessagePackWriter writer) =>
            {
                writer.Write(0);
                writer.Write(new byte[5]);
                writer.Write("a token of five bytes");
                writer.Write(13000);
            })),
            RawPeer.Frame(ControlId.Hello, 0, Hello(new string('n', 300))),
            RawPeer.Frame(ControlId.Hello, 0, RawPeer.Body(static (ref MessagePack.MessagePackWriter writer) =>
            {
                writer.Write(0);
                writer.Write(Array.Empty<byte>());
                writer.Write("a version that is no int");
                writer.Write(ulong.MaxValue);
            })),
        ];
        foreach (byte[] frame in frames)
        {
            using var peer = new RawPeer(_server.Url(transport));
            peer.Send([.. Handshake.Preface, .. frame]);
            peer.IsClosed();
        }

        Condition.Becomes(frames.Length, () => _server.Log.Entries.Count(entry => entry.Id == 205));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void TokenOfNoSession_IsRefused(string transport)
    {
        using var peer = new RawPeer(_server.Url(transport));

        Assert.Equal(Handshake.NoSuchSession, peer.Greet(new byte[Handshake.TokenSize]).Refusal);
        peer.IsClosed();
    }

    private static byte[] Hello(string client)
    {
        var hello = new ByteBuffer(1 << 10, ProtocolLimits.Body);
        Handshake.WriteHello(hello, 0, [], client, 13000);
        return hello.Written.ToArray();
    }

    private void IsLogged(params string[] words) =>
        Condition.Holds(() => _server.Log.Entries.Any(entry => entry.Id == 205 && words.All(entry.Text.Contains)), string.Join(", ", words));
}
